import { chat, floods } from "./hostile/floods.js";
import { Victim } from "./hostile/victim.js";
import { line } from "./pubsub/report.js";
import { Times } from "./storage/measure.js";

const HELP = `hostile: what floods of a stranger cost larderd, beside the same bytes of ordinary chat messages

Usage: node bench/dist/hostile.js [KILOBYTES] [ONLY]

  KILOBYTES   of each flood; default 500
  ONLY        floods whose names contain this

Each flood meets a daemon of its own, after chat messages: of as many bytes, but at most 300 kB of them, from which the time of
this many bytes is taken.
`;

/** Ordinary messages cost milliseconds each. */
const MAX_USUAL_BYTES = 300_000;

const MAX_RATIO = 3;
const MAX_LATENCY_MS = 100;
const MAX_MEMORY_MIB = 400;
const IDLE_MS = 2000;

const timesOf = (values: readonly number[]): Times => {
  const times = new Times();
  for (const value of values) times.add(value);
  return times;
};

async function main(): Promise<void> {
  const [kilobytes = "500", only = ""] = process.argv.slice(2);
  if (kilobytes.startsWith("-") || !(Number(kilobytes) > 0)) {
    process.stdout.write(HELP);
    return;
  }
  const bytes = Number(kilobytes) * 1000;
  const usualBytes = Math.min(bytes, MAX_USUAL_BYTES);
  const ordinary = Array.from({ length: Math.ceil(usualBytes / chat(1000).length) }, (_, at) => chat(at));
  line(
    `${kilobytes} kB each, ${ordinary.length} ordinary messages`,
    "processor time, of the messages' / 99 % of calls / memory",
  );
  let missed = 0;
  for (const { name, stanzas } of floods.filter((flood) => flood.name.includes(only))) {
    await using victim = await Victim.start();
    const idle = timesOf(await victim.idle(IDLE_MS)).at(0.99);
    const usual = await victim.take(ordinary.join(""));
    const cost = await victim.take(stanzas(bytes));
    const ratio = cost.cpuMs / (usual.cpuMs * (bytes / usualBytes));
    const late = timesOf(cost.latencies).at(0.99) - idle;
    const bad = [
      ...(ratio > MAX_RATIO ? [`ratio > ${MAX_RATIO}`] : []),
      ...(late > MAX_LATENCY_MS ? [`late > ${MAX_LATENCY_MS} ms`] : []),
      ...(cost.peakMiB > MAX_MEMORY_MIB ? [`memory > ${MAX_MEMORY_MIB} MiB`] : []),
    ];
    missed += bad.length;
    line(
      name,
      `${cost.cpuMs.toFixed(0).padStart(6)} ms ${ratio.toFixed(2).padStart(6)} x  +${late.toFixed(0).padStart(4)} ms ${cost.peakMiB.toFixed(0).padStart(5)} MiB`,
      bad.join(", "),
    );
  }
  line("missed", String(missed), "0");
}

await main();
