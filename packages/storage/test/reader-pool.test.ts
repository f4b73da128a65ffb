import { access, rename } from "node:fs/promises";
import { join } from "node:path";
import { createStore, Database } from "@larder/storage";
import test from "ava";
import { ReaderPool } from "../dist/sqlite/connections.js";
import { temporaryDirectory } from "./support.js";

test("where no reader can be opened, everybody who waits for one is told", async (t) => {
  const pool = new ReaderPool(join(await temporaryDirectory(t), "nowhere", "larder.db"), 2);
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => pool.acquire()));
  for (const outcome of outcomes)
    t.regex(String(outcome.status === "rejected" && outcome.reason), /the database file cannot be opened/);
});

test("a file that goes away is not made anew, and is read again when it is back", async (t) => {
  const file = join(await temporaryDirectory(t), "larder.db");
  const { database } = await Database.open({ url: `sqlite:${file}` });
  t.teardown(() => database.close());
  const store = createStore(database);
  await rename(file, `${file}.away`);
  const reads = Array.from({ length: 30 }, () => store.messages.count());
  await t.throwsAsync(database.models.Setting.count());
  await Promise.allSettled(reads); // those that had no open connection fail
  await t.throwsAsync(access(file), { code: "ENOENT" });
  await rename(`${file}.away`, file);
  t.is(await store.messages.count(), 0);
  t.is(await database.models.Setting.count(), 1);
});
