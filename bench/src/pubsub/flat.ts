import { BareReader } from "./bare.js";
import { Larderd } from "./larderd.js";
import { line } from "./report.js";
import type { BenchServer } from "./server.js";

const COUNTS = [1000, 10_000, 100_000];
const PAGE_SIZE = 1000;

/** What an item costs in nodes of different sizes, up to the largest. */
export async function benchFlat(bench: BenchServer, largest: number): Promise<void> {
  await using bare = new BareReader(bench);
  await using larderd = await Larderd.start(bench);
  line("cost of one item, by the size of its node", "");
  const costs: number[] = [];
  const counts = COUNTS.filter((count) => count <= largest);
  for (const count of [counts[0] ?? 0, ...counts]) {
    const isWarmUp = costs.length === 0;
    const node = `urn:xmpp:microblog:0/flat-${count}${isWarmUp ? "-first" : ""}`;
    await bench.fill(node, count);
    const bareMs = await bare.read(node, PAGE_SIZE, count);
    const ms = await larderd.sync(node, count);
    costs.push(ms / count);
    if (isWarmUp) continue;
    line(
      `  ${count} items`,
      `${(ms / count).toFixed(3)} ms   bare client, pages of ${PAGE_SIZE}: ${(bareMs / count).toFixed(3)} ms`,
    );
  }
  const measured = costs.slice(1);
  const spread = Math.max(...measured) / Math.min(...measured);
  line("    the dearest of the cheapest", `${spread.toFixed(2)} x`, "target: flat");
}
