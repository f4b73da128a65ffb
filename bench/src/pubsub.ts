// What the cache costs and saves, against real servers on this machine: node bench/dist/pubsub.js --help

import { parseArgs } from "node:util";
import { benchFirstSync } from "./pubsub/first-sync.js";
import { benchFlat } from "./pubsub/flat.js";
import { benchReads } from "./pubsub/reads.js";
import { benchResponsive } from "./pubsub/responsive.js";
import { type BenchServer, type ServerName, startServer } from "./pubsub/server.js";
import { benchUnchanged } from "./pubsub/unchanged.js";

const HELP = `node bench/dist/pubsub.js [posts] [options]
  posts             in the node that is synchronised (5000 and 20000; 5000 on Prosody)
  --server NAME     ejabberd (default), prosody or both
  --turns NUMBER    how often each thing is measured (5)
  --largest NUMBER  items of the largest node of flat (100000)
  --only PARTS      of first,responsive,reads,unchanged,flat (flat on ejabberd alone)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean" },
    server: { type: "string", default: "ejabberd" },
    turns: { type: "string", default: "5" },
    largest: { type: "string", default: "100000" },
    only: { type: "string", default: "first,responsive,reads,unchanged,flat" },
  },
});

const turns = Number(values.turns);
const parts = values.only.split(",");
const given = positionals.map(Number);

async function run(bench: BenchServer): Promise<void> {
  const counts = given.length > 0 ? given : bench.name === "ejabberd" ? [5000, 20_000] : [5000];
  if (parts.includes("first")) for (const count of counts) await benchFirstSync(bench, count, turns);
  if (parts.includes("responsive")) await benchResponsive(bench);
  if (parts.includes("reads")) await benchReads(bench);
  if (parts.includes("unchanged")) await benchUnchanged(bench);
  if (parts.includes("flat") && bench.name === "ejabberd") await benchFlat(bench, Number(values.largest));
}

if (values.help) console.log(HELP);
else {
  const names = values.server === "both" ? (["ejabberd", "prosody"] as const) : [values.server as ServerName];
  console.log("min / median / max of each\n");
  for (const name of names) {
    await using bench = await startServer(name);
    await run(bench);
  }
}
