import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createStore, Database, holdFile } from "@larder/storage";
import test from "ava";
import sqlite3 from "sqlite3";
import { message, temporaryDirectory, temporaryStore } from "./support.js";

const writer = fileURLToPath(new URL("./writer.fixture.js", import.meta.url));

/** Starts a process that writes pairs of messages, one unit of work each, and says which pair is committed. */
async function writeUntilKilled(file: string, afterLines: number): Promise<number> {
  const child = spawn(process.execPath, [writer, file], { stdio: ["ignore", "pipe", "inherit"] });
  let told = 0;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    told += chunk.split("\n").length - 1;
    if (told >= afterLines) child.kill("SIGKILL");
  });
  await once(child, "exit");
  return told;
}

test("a process that is killed while writing leaves whole units of work, and all that it was told are kept", async (t) => {
  const file = `${await temporaryDirectory(t)}/larder.db`;
  let acknowledged = 0;
  for (const lines of [1, 3, 7, 12, 20]) {
    acknowledged += await writeUntilKilled(file, lines);
    const { database } = await Database.open({ url: `sqlite:${file}` });
    const check = await database.read(({ executor }) =>
      executor.all<{ integrity_check: string }>({ sql: "PRAGMA integrity_check", values: [] } as never),
    );
    t.deepEqual(check, [{ integrity_check: "ok" }]);
    const store = createStore(database);
    const { messages } = await store.messages.history({ limit: 10_000 });
    const pairs = new Map<string, number>();
    for (const { bodies } of messages)
      pairs.set(String(bodies[0]?.text), (pairs.get(String(bodies[0]?.text)) ?? 0) + 1);
    t.deepEqual(
      [...pairs.values()].filter((count) => count !== 2),
      [],
      "no half unit of work",
    );
    t.true(pairs.size >= acknowledged, `${pairs.size} pairs kept, ${acknowledged} acknowledged`);
    await database.close();
  }
});

test("a database that another program keeps locked is a clear error that may be tried again", async (t) => {
  const file = `${await temporaryDirectory(t)}/larder.db`;
  const { database } = await Database.open({ url: `sqlite:${file}` });
  t.teardown(() => database.close());
  const other = new sqlite3.Database(file);
  await new Promise<void>((resolve, reject) =>
    other.exec("BEGIN IMMEDIATE", (error) => (error ? reject(error) : resolve())),
  );
  const error = await t.throwsAsync(
    createStore(database).accounts.add({
      jid: "a@b",
      autoConnect: false,
      tls: "required",
      allowPlaintext: false,
    }),
  );
  t.like(error, { name: "StorageError", type: "storage", retryable: true });
  t.regex(String(error?.message), /another program keeps the database locked/);
  await new Promise((resolve) => other.close(resolve));
  await createStore(database).accounts.add({
    jid: "a@b",
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
});

test("a damaged database is refused in words", async (t) => {
  const file = `${await temporaryDirectory(t)}/larder.db`;
  await (await Database.open({ url: `sqlite:${file}` })).database.close();
  const bytes = Buffer.alloc(64 * 1024, 0x5a);
  bytes.write("SQLite format 3\0", 0, "latin1");
  await writeFile(file, bytes);
  const error = await t.throwsAsync(Database.open({ url: `sqlite:${file}` }));
  t.is(error?.name, "StorageError");
  t.regex(String(error?.message), /is damaged|is not a database|malformed/);
});

test("a file can be held by one owner at a time, and is free when that one lets go", async (t) => {
  const path = `${await temporaryDirectory(t)}/lock`;
  const held = await holdFile(path);
  const error = await t.throwsAsync(holdFile(path));
  t.like(error, { name: "DuplicateError", type: "conflict" });
  await held.release();
  await (await holdFile(path)).release();
});

test("a statement that breaks a rule of the schema is a fault of the program, not of the database", async (t) => {
  const store = await temporaryStore(t);
  const error = await t.throwsAsync(store.messages.insert(message(12345, "no such account")));
  t.like(error, { name: "ConstraintError", type: "internal", retryable: false });
});
