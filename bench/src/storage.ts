// What the database costs beside bare SQL: node bench/dist/storage.js --help
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchConcurrency } from "./storage/concurrent.js";
import { filledFile } from "./storage/fill.js";
import { benchPages } from "./storage/pages.js";
import { benchReads } from "./storage/reads.js";
import { benchMemory } from "./storage/resident.js";

const HELP = `node bench/dist/storage.js [options]
  --full            1,000,000 items and messages instead of 100,000
  --rows NUMBER     any other number of them
  --directory DIR   where the large database is kept for the next run (a directory for temporary files)
  --turns NUMBER    how often each thing is measured (7)
  --seconds NUMBER  how long readers and writers run side by side (60)
  --only PARTS      of pages,reads,memory,concurrency`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    full: { type: "boolean" },
    rows: { type: "string" },
    directory: { type: "string", default: join(tmpdir(), "larder-bench-storage") },
    turns: { type: "string", default: "7" },
    seconds: { type: "string", default: "60" },
    only: { type: "string", default: "pages,reads,memory,concurrency" },
  },
});

async function run(): Promise<void> {
  const turns = Number(values.turns);
  const rows = Number(values.rows ?? (values.full ? 1_000_000 : 100_000));
  const parts = values.only.split(",");
  console.log("min / median / max of each run\n");
  if (parts.includes("pages")) {
    const directory = await mkdtemp(join(tmpdir(), "larder-bench-"));
    await benchPages(directory, 20, turns).finally(() => rm(directory, { recursive: true, force: true }));
  }
  if (parts.every((part) => part === "pages")) return;
  await mkdir(values.directory, { recursive: true });
  const file = join(values.directory, `${rows}.db`);
  const url = `sqlite:${file}`;
  await filledFile(file, { rows });
  console.log(`\n${rows} items in one node, ${rows} over a thousand, ${rows} messages\n`);
  if (parts.includes("memory")) await benchMemory(url, rows);
  if (parts.includes("reads")) await benchReads(file, { rows }, turns);
  if (parts.includes("concurrency")) await benchConcurrency(url, rows, Number(values.seconds));
}

if (values.help) console.log(HELP);
else await run();
