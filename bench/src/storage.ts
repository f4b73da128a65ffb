// What the database costs beside bare SQL: node bench/dist/storage.js --help

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "@larder/testing";
import { benchConcurrency } from "./storage/concurrent.js";
import { fill, filledFile } from "./storage/fill.js";
import { benchPages } from "./storage/pages.js";
import { benchReads } from "./storage/reads.js";
import { benchMemory } from "./storage/resident.js";
import { postgresTarget, sqliteTarget, type Target } from "./storage/target.js";

const HELP = `node bench/dist/storage.js [options]
  --engine NAME     sqlite (default), or postgres: a private server that is gone afterwards
  --full            1,000,000 items and messages instead of 100,000
  --rows NUMBER     any other number of them
  --directory DIR   where the large SQLite file is kept for the next run (a directory for temporary files)
  --turns NUMBER    how often each thing is measured (7)
  --seconds NUMBER  how long readers and writers run side by side (60)
  --only PARTS      of pages,reads,memory,concurrency`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    engine: { type: "string", default: "sqlite" },
    full: { type: "boolean" },
    rows: { type: "string" },
    directory: { type: "string", default: join(tmpdir(), "larder-bench-storage") },
    turns: { type: "string", default: "7" },
    seconds: { type: "string", default: "60" },
    only: { type: "string", default: "pages,reads,memory,concurrency" },
  },
});

const turns = Number(values.turns);
const rows = Number(values.rows ?? (values.full ? 1_000_000 : 100_000));
const parts = values.only.split(",");
const wantsMuch = parts.some((part) => part !== "pages");

async function measureReads(target: Target): Promise<void> {
  console.log(`\n${rows} items in one node, ${rows} over a thousand, ${rows} messages\n`);
  if (parts.includes("memory")) await benchMemory(target.url, rows);
  if (parts.includes("reads")) await benchReads(target, { rows }, turns);
  if (parts.includes("concurrency")) await benchConcurrency(target.url, rows, Number(values.seconds));
}

async function onSqlite(): Promise<void> {
  if (parts.includes("pages")) {
    const directory = await mkdtemp(join(tmpdir(), "larder-bench-"));
    const target = sqliteTarget(join(directory, "pages.db"));
    await benchPages(target, 20, turns).finally(() => rm(directory, { recursive: true, force: true }));
  }
  if (!wantsMuch) return;
  await mkdir(values.directory, { recursive: true });
  await measureReads(await filledFile(join(values.directory, `${rows}.db`), { rows }));
}

/** What is acknowledged is on the disk, as it is on SQLite; the memory that a small server gives its caches. */
const HONEST = { fsync: "on", full_page_writes: "on", shared_buffers: "128MB" };

async function onPostgres(): Promise<void> {
  await using server = await startPostgres({ settings: HONEST });
  const fresh = async () => postgresTarget(server, await server.createDatabase());
  if (parts.includes("pages")) await benchPages(await fresh(), 20, turns);
  if (!wantsMuch) return;
  const target = await fresh();
  await fill(target, { rows });
  await measureReads(target);
}

if (values.help) console.log(HELP);
else {
  console.log(`${values.engine}; min / median / max of each run\n`);
  await (values.engine === "postgres" ? onPostgres() : onSqlite());
}
