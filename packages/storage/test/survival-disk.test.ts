import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkDatabase, createStore, Database } from "@larder/storage";
import test from "ava";
import { raw, sql } from "../dist/sql.js";
import { Child } from "./child.js";
import { accountIn, message, temporaryDirectory, temporaryStore } from "./support.js";

const big = "x".repeat(20_000);

test.serial(
  "when the disk is full every unit that waits is told so, nothing is lost, and with room it goes on",
  async (t) => {
    const url = `sqlite:${join(await temporaryDirectory(t), "larder.db")}`;
    const { database } = await Database.open({ url });
    t.teardown(() => database.close());
    const store = createStore(database);
    const accountId = await accountIn(store);
    // What SQLite does at this limit it does when the file system has no room: SQLITE_FULL.
    const limit = (pages: number) =>
      database.write(({ executor }) => executor.run(raw(`PRAGMA max_page_count = ${pages}`)));
    await limit(200);
    let kept = 0;
    const errors: unknown[] = [];
    while (errors.length === 0) {
      const together = await Promise.allSettled(
        Array.from({ length: 5 }, () => store.messages.insert(message(accountId, big))),
      );
      kept += together.filter(({ status }) => status === "fulfilled").length;
      for (const result of together) if (result.status === "rejected") errors.push(result.reason);
    }
    for (const error of errors) {
      t.like(error, { name: "StorageError", type: "storage", retryable: true });
      t.regex(String((error as Error).message), /the disk is full/);
    }
    t.is(await store.messages.count(), kept, "reads go on, and show what was kept");
    await t.throwsAsync(store.messages.insert(message(accountId, big)), { message: /the disk is full/ });
    await limit(100_000);
    await store.messages.insert(message(accountId, "there is room again"));
    t.is(await store.messages.count(), kept + 1);
    await database.close();
    t.deepEqual(await checkDatabase(url), { problems: [], skipped: [] });
  },
);

test.serial(
  "a full disk that takes the whole transaction with it is told as one, to all in it",
  async (t) => {
    const { database } = await temporaryStore(t);
    // A single row without indexes: SQLite then undoes everything, and there is nothing left to roll back.
    const fill = () =>
      database.write(({ executor }) =>
        executor.run(sql`UPDATE setting SET value = ${"x".repeat(3_000_000)} WHERE key = 'event_log.epoch'`),
      );
    await database.write(({ executor }) => executor.run(raw("PRAGMA max_page_count = 200")));
    const alone = await Promise.allSettled([fill()]);
    const together = await Promise.allSettled([fill(), fill()]);
    for (const outcome of [...alone, ...together])
      t.regex(String(outcome.status === "rejected" && outcome.reason), /the disk is full/);
  },
);

test.serial(
  "when a file may not grow further the writer is told so, and all that it was told before is kept",
  async (t) => {
    const url = `sqlite:${join(await temporaryDirectory(t), "larder.db")}`;
    await (await Database.open({ url })).database.close();
    // Blocks of 512 bytes; without the trap the signal would end the process.
    const child = Child.start(
      "writer.fixture",
      [url, "tell errors"],
      `trap '' XFSZ; ulimit -f 1500; exec "$@"`,
    );
    await child.ended;
    const told = JSON.parse(String(child.lines.pop())) as {
      name: string;
      message: string;
      retryable: boolean;
    };
    t.like(told, { name: "StorageError", retryable: true });
    t.regex(
      told.message,
      /writing to the database: (the disk is full|reading or writing the database file failed)/,
    );
    const { database } = await Database.open({ url });
    const store = createStore(database);
    t.is(await store.messages.count(), child.lines.length * 2);
    await store.messages.insert(message(await accountIn(store, "bob@larder.test"), "there is room again"));
    await database.close();
    t.deepEqual(await checkDatabase(url), { problems: [], skipped: [] });
  },
);

test.serial("a PostgreSQL without room is the same error", async (t) => {
  const store = await temporaryStore(t, "postgres");
  const full = store.database.write(({ executor }) =>
    executor.run(raw("DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$")),
  );
  await t.throwsAsync(full, { name: "StorageError", message: "writing to the database: the disk is full" });
  t.like(await full.catch((error: unknown) => error), { retryable: true });
  await accountIn(store);
});

for (const what of ["file", "directory"] as const) {
  test.serial(`a ${what} that may not be written to is refused in words, and left as it was`, async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, "larder.db");
    const { database } = await Database.open({ url: `sqlite:${file}` });
    await accountIn(createStore(database));
    await database.write(({ executor }) =>
      executor.run(sql`DELETE FROM setting WHERE key = 'event_log.epoch'`),
    );
    await database.close();
    const before = await readFile(file);
    await chmod(file, what === "file" ? 0o444 : 0o666);
    await chmod(directory, what === "file" ? 0o777 : 0o555);
    t.teardown(() => chmod(directory, 0o755));
    const child = Child.start("read-only.fixture", [`sqlite:${file}`]);
    await child.ended;
    const error = JSON.parse(String(child.lines[0])) as { name: string; message: string };
    t.is(error.name, "StorageError");
    t.regex(
      error.message,
      what === "file" ? /the database file is read-only/ : /cannot be opened|is read-only/,
    );
    t.deepEqual(await readFile(file), before);
  });
}
