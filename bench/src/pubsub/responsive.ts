import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Times } from "../storage/measure.js";
import { Larderd, type LoopDelay } from "./larderd.js";
import { line } from "./report.js";
import type { BenchServer } from "./server.js";

const BURN_MS = 20;
const POSTS = 750;
const READS = 300;
const READ_EVERY_MS = 25;

const CONFIGURATION = `
[[analysers]]
name = "burner"
type = "burned"
node = "urn:bench:burn"
toSync = true
parser = "burn.mjs"
`;

const PARSER = `export default function burn(item) {
  const end = performance.now() + ${BURN_MS};
  while (performance.now() < end);
  return { title: item.id };
}
`;

const describe = ({ p50, p99, max }: LoopDelay) =>
  `median ${p50.toFixed(1)}, 99 % ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`;

const percentiles = (times: Times) =>
  `median ${times.at(0.5).toFixed(2)}, 95 % ${times.at(0.95).toFixed(2)}, 99 % ${times.at(0.99).toFixed(2)} ms`;

/** Whether larderd stays responsive while it synchronises a node whose parser burns processor time for each item. */
export async function benchResponsive(bench: BenchServer): Promise<void> {
  const slow = "urn:bench:burn/posts";
  const cached = "urn:xmpp:microblog:0/responsive";
  await bench.fill(slow, POSTS);
  await bench.fill(cached, 1000);
  await using larderd = await Larderd.start(bench, {
    configuration: CONFIGURATION,
    prepare: (home) => writeFile(join(home, "burn.mjs"), PARSER),
  });
  await larderd.sync(cached, 1000);
  const read = async (times: Times, goOn: () => boolean) => {
    while (goOn()) {
      times.add(await larderd.read(cached, true));
      await sleep(READ_EVERY_MS);
    }
  };
  let left = 50; // to become warm
  await read(new Times(), () => left-- > 0);

  const alone = new Times();
  const idle = await larderd.delayDuring(() => read(alone, () => alone.count < READS));
  const beside = new Times();
  let syncing = true;
  let took = 0;
  const busy = await larderd.delayDuring(async () => {
    const sync = larderd.sync(slow, POSTS).then((ms) => {
      took = ms;
      syncing = false;
    });
    await Promise.all([sync, read(beside, () => syncing)]);
  });
  line(`a parser that burns ${BURN_MS} ms for each of ${POSTS} items`, `${(took / 1000).toFixed(1)} s`);
  line("  event loop, late by: without", describe(idle));
  line("  event loop, late by: meanwhile", describe(busy), "target 20 ms at the 99th percentile");
  line("  cached reads of 20 without", percentiles(alone));
  line("  cached reads of 20 meanwhile", percentiles(beside));
  const ratio = beside.at(0.5) / alone.at(0.5);
  line("    of the usual median", `${ratio.toFixed(2)} x`, "target 2");
}
