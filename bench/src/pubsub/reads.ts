import { inTurns } from "../storage/measure.js";
import { Larderd } from "./larderd.js";
import { line } from "./report.js";
import type { BenchServer } from "./server.js";

const POSTS = 5000;
const TURNS = 20;
const IN_A_ROW = 20;

/** What a read of 20 items costs from the cache, and from the server. */
export async function benchReads(bench: BenchServer): Promise<void> {
  const node = `urn:xmpp:microblog:0/reads-${POSTS}`;
  await bench.fill(node, POSTS);
  await using larderd = await Larderd.start(bench);
  await larderd.sync(node, POSTS);
  const turns = bench.name === "prosody" ? TURNS / 10 : TURNS;
  const kinds = { cache: () => larderd.read(node, true), service: () => larderd.read(node, false) };
  const { cache, service } = await inTurns(turns, kinds, IN_A_ROW);
  line(`the newest 20 of ${POSTS} items through the bridge, ${bench.name}`, "");
  line("  from the cache", `${cache}   95 % ${cache.at(0.95).toFixed(2)} ms`, "target 2 ms");
  line("  from the server, on loopback", `${service}`);
  line("    times the cache", `${(service.at(0.5) / cache.at(0.5)).toFixed(1)} x`, "target 10");
}
