import { Times } from "../storage/measure.js";
import { BareReader } from "./bare.js";
import { Larderd } from "./larderd.js";
import { describePosts } from "./posts.js";
import { line, times } from "./report.js";
import type { BenchServer } from "./server.js";

const PAGE_SIZES = [250, 1000, 0];
const nameOf = (pageSize: number) => (pageSize === 0 ? "whole" : `pages of ${pageSize}`);

/** Most time of the bare client's that a first synchronisation should take. */
const TARGETS = { ejabberd: 1.5, prosody: 1.1 };

/** How long a node takes to be read by the bare client, at its best page size, and to be kept by larderd. */
export async function benchFirstSync(bench: BenchServer, count: number, turns: number): Promise<void> {
  const node = `urn:xmpp:microblog:0/first-${count}`;
  const posts = await bench.fill(node, count);
  await using bare = new BareReader(bench);
  await using larderd = await Larderd.start(bench);
  const pageSizes = bench.name === "ejabberd" ? PAGE_SIZES : [0]; // Prosody does not page
  const bares = new Map(pageSizes.map((size) => [size, new Times()]));
  const ours = new Times();
  const cpu = new Times();
  const late = new Times();
  let cold = 0;
  for (let turn = 0; turn <= turns; turn++) {
    for (const [size, kept] of bares) {
      const ms = await bare.read(node, size, count);
      if (turn > 0) kept.add(ms);
    }
    let ms = 0;
    const { cpuMs, p99 } = await larderd.delayDuring(async () => {
      ms = await larderd.sync(node, count);
    });
    if (turn > 0) ours.add(ms);
    else cold = ms;
    if (turn > 0) {
      cpu.add(cpuMs);
      late.add(p99);
    }
    await larderd.reset();
  }
  line(`${count} posts of ${describePosts(posts)}, ${bench.name}`, "");
  for (const [size, kept] of bares) line(`  bare @xmpp/client, ${nameOf(size)}`, times(kept, count));
  const best = Math.min(...[...bares.values()].map((kept) => kept.at(0.5)));
  const ratio = ours.at(0.5) / best;
  const target = TARGETS[bench.name];
  line("  larderd, first synchronisation", times(ours, count));
  line("    of the bare client's time", `${ratio.toFixed(2)} x`, `target ${target}`);
  line("    processor time of its threads", times(cpu, count));
  line("    event loop late by, 99 %", `${late}`);
  line("  larderd, the very first of the process", `${Math.round(cold)} ms   ${(cold / best).toFixed(2)} x`);
}
