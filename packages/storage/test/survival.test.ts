import { writeFile } from "node:fs/promises";
import { createStore, Database, holdFile } from "@larder/storage";
import test from "ava";
import sqlite3 from "sqlite3";
import { message, temporaryDirectory, temporaryStore } from "./support.js";

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
