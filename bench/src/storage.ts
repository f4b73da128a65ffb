// What the database costs beside bare SQL: node bench/dist/storage.js [--full]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchPages } from "./storage/pages.js";

const directory = await mkdtemp(join(tmpdir(), "larder-bench-"));
try {
  await benchPages(directory, 20, 7);
} finally {
  await rm(directory, { recursive: true, force: true });
}
