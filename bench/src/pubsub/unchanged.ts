import { startTcpProxy } from "@larder/testing";
import { Larderd } from "./larderd.js";
import { line } from "./report.js";
import type { BenchServer } from "./server.js";

const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`;

/** How many bytes it takes to find that a node has not changed while there was no session. */
export async function benchUnchanged(bench: BenchServer): Promise<void> {
  const posts = bench.name === "ejabberd" ? 10_000 : 5000; // Prosody takes minutes to be given so many
  const node = `urn:xmpp:microblog:0/unchanged-${posts}`;
  await bench.fill(node, posts);
  await using proxy = await startTcpProxy({ port: bench.server.port });
  await using larderd = await Larderd.start(bench, { service: `xmpp://127.0.0.1:${proxy.port}` });
  const total = () => proxy.bytes.toClient + proxy.bytes.toServer;
  const bytesOf = async (work: () => Promise<unknown>) => {
    const before = total();
    const from = performance.now();
    await work();
    return { bytes: total() - before, ms: performance.now() - from };
  };
  const full = await bytesOf(() => larderd.sync(node, posts));
  await larderd.disconnect();
  const check = await bytesOf(async () => {
    const checked = await larderd.lastCheck(node);
    await larderd.connect();
    await larderd.checkedAfter(node, checked);
  });
  const share = (check.bytes / full.bytes) * 100;
  line(`${posts} items unchanged after a new session, ${bench.name}`, "");
  line("  synchronising it, on the wire", `${kilobytes(full.bytes)}, ${Math.round(full.ms)} ms`);
  line("  checking it, the login included", `${kilobytes(check.bytes)}, ${Math.round(check.ms)} ms`);
  line("    of the bytes", `${share.toFixed(1)} %`, "target 5 %");
}
