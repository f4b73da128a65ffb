import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createStore, Database, holdDatabase, StorageError } from "@larder/storage";
import test from "ava";
import pg from "pg";
import sql, { raw } from "sql-template-tag";
import { accountIn, gate, message, postgres, temporaryStore, temporaryUrl } from "./support.js";

/** Ends every other connection to a database, as an operator or a crashed server would. */
async function cutConnections(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  await client.end();
}

test.serial("an event of a slow unit comes after that of a fast one that ended before it", async (t) => {
  const store = await temporaryStore(t, "postgres");
  const start = await store.events.newest();
  const [begun, go] = [gate(), gate()];
  const slow = store.database.write(async (unit) => {
    await unit.log("message_new", undefined, { who: "slow" });
    begun.open();
    await go.opened;
  });
  await begun.opened;
  await store.database.write((unit) => unit.log("message_new", undefined, { who: "fast" }));
  const first = await store.events.since(start, { limit: 9 });
  t.deepEqual(
    first.events.map(({ data }) => data.who),
    ["fast"],
  );
  go.open();
  await slow;
  const rest = await store.events.since(first.cursor, { limit: 9 });
  t.deepEqual(
    rest.events.map(({ data }) => data.who),
    ["slow"],
  );
});

test.serial(
  "an event whose number is given and whose commit is late is not passed by a later one",
  async (t) => {
    const url = await temporaryUrl(t, "postgres");
    const { database } = await Database.open({ url });
    t.teardown(() => database.close());
    const store = createStore(database);
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    t.teardown(() => other.end());
    // A deferred trigger runs within COMMIT: there the slow unit waits, its number given, until we let it go.
    await other.query(`CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NULL; END $$`);
    await other.query(`CREATE CONSTRAINT TRIGGER wait_for_test AFTER INSERT ON event_log DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.data LIKE '%slow%') EXECUTE FUNCTION wait_for_test()`);
    await other.query("SELECT pg_advisory_lock(77)");
    const waiting = async (many: number) => {
      const { rows } = await other.query(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      );
      return rows.length >= many;
    };
    const start = await store.events.newest();
    const slow = database.write((unit) => unit.log("message_new", undefined, { who: "slow" }));
    while (!(await waiting(1))) await new Promise((resolve) => setImmediate(resolve));
    let done = false;
    const fast = database
      .write((unit) => unit.log("message_new", undefined, { who: "fast" }))
      .then(() => {
        done = true;
      });
    while (!done && !(await waiting(2))) await new Promise((resolve) => setImmediate(resolve));
    const before = await store.events.since(start, { limit: 9 });
    await other.query("SELECT pg_advisory_unlock(77)");
    await Promise.all([slow, fast]);
    const after = await store.events.since(before.cursor, { limit: 9 });
    t.deepEqual(
      [...before.events, ...after.events].map(({ data }) => data.who),
      ["slow", "fast"],
    );
  },
);

test.serial(
  "whoever follows the log while 40 units write at once sees every event, and in one order",
  async (t) => {
    const store = await temporaryStore(t, "postgres");
    const accountId = await accountIn(store);
    let cursor = await store.events.newest();
    const start = cursor;
    const seen: unknown[] = [];
    let writing = true;
    const follow = (async () => {
      for (let last = false; !last; ) {
        last = !writing;
        const { events, cursor: next } = await store.events.since(cursor, { limit: 7 });
        seen.push(...events.map(({ data }) => data.n));
        last &&= events.length === 0;
        cursor = next;
      }
    })();
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        store.database.write(async (unit) => {
          await unit.log("message_new", accountId, { n });
          await store.messages.insert(message(accountId, `number ${n}`));
        }),
      ),
    );
    writing = false;
    await follow;
    const { events } = await store.events.since(start, { limit: 100 });
    t.deepEqual(
      seen,
      events.map(({ data }) => data.n),
    );
    t.is(new Set(seen).size, 40);
  },
);

test.serial("a unit whose connection is cut runs again from its beginning, once kept", async (t) => {
  const url = await temporaryUrl(t, "postgres");
  const { database } = await Database.open({ url });
  t.teardown(() => database.close());
  const store = createStore(database);
  const accountId = await accountIn(store);
  let runs = 0;
  await database.write(async () => {
    runs++;
    await store.messages.insert(message(accountId, `run ${runs}`));
    if (runs === 1) await cutConnections(url);
  });
  t.is(runs, 2);
  const { messages } = await store.messages.history({ limit: 9 });
  t.deepEqual(
    messages.map(({ bodies }) => bodies[0]?.text),
    ["run 2"],
  );
});

test.serial(
  "a server that is restarted under load costs no acknowledged unit, and the next ones go on",
  async (t) => {
    const url = await temporaryUrl(t, "postgres");
    const { database } = await Database.open({ url });
    t.teardown(() => database.close());
    const store = createStore(database);
    const accountId = await accountIn(store);
    const kept: string[] = [];
    const failures: unknown[] = [];
    let going = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; going; n++) {
        const body = `${writer} ${n}`;
        await store.messages.insert(message(accountId, body)).then(
          () => kept.push(body),
          (error: unknown) => failures.push(error),
        );
      }
    });
    const server = await postgres();
    for (const how of ["restart", "crash", "restart"] as const) {
      const before = kept.length;
      if (how === "crash") await server.kill();
      await server.restart();
      while (kept.length < before + 20) await new Promise((resolve) => setImmediate(resolve));
    }
    going = false;
    await Promise.all(writers);
    const { messages } = await store.messages.history({ limit: 100_000 });
    const stored = messages.map(({ bodies }) => String(bodies[0]?.text));
    t.deepEqual(
      kept.filter((body) => !stored.includes(body)),
      [],
      "acknowledged and gone",
    );
    t.is(new Set(stored).size, stored.length, "no unit was kept twice");
    for (const error of failures)
      t.like(error as object, { name: "StorageError", type: "storage", retryable: true });
    t.log(`${kept.length} kept, ${failures.length} failed`);
  },
);

test.serial("one process holds a database; the hold outlives a restart of the server", async (t) => {
  const url = await temporaryUrl(t, "postgres");
  const lost = (error: Error) => t.fail(`lost: ${error.message}`);
  const held = await holdDatabase(url, lost);
  t.like(await t.throwsAsync(holdDatabase(url, lost)), { name: "DuplicateError", type: "conflict" });
  await cutConnections(url);
  const again = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(
      "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    await client.end();
    return rows.length > 0;
  };
  while (!(await again())) await new Promise((resolve) => setTimeout(resolve, 50));
  await t.throwsAsync(holdDatabase(url, lost), { name: "DuplicateError" });
  await held.release();
  await (await holdDatabase(url, lost)).release();
});

test.serial("a hold whose connection is lost on the way takes itself over, and is not lost", async (t) => {
  const url = new URL(await temporaryUrl(t, "postgres"));
  const server = { host: url.hostname, port: Number(url.port) };
  const clients: Socket[] = [];
  const relay = createServer((client) => {
    clients.push(client.on("error", () => {}));
    const upstream = connect(server).on("error", () => {});
    client.pipe(upstream, { end: false }).pipe(client); // what the client's side loses the server does not hear of
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  t.teardown(() => relay.close());
  url.port = String((relay.address() as AddressInfo).port);
  const lost: Error[] = [];
  const held = await holdDatabase(url.href, (error) => lost.push(error));
  const watch = new pg.Client({ connectionString: Object.assign(new URL(url), { port: server.port }).href });
  await watch.connect();
  t.teardown(() => watch.end());
  const holder = async () => {
    const { rows } = await watch.query<{ pid: number }>(
      "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    return rows[0]?.pid;
  };
  const first = await holder();
  for (const client of clients) client.destroy();
  for (let now = first; now === first || now === undefined; now = await holder()) {
    if (lost.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.deepEqual(lost, []);
  await held.release();
});

for (const [what, change, said] of [
  [
    "a wrong password",
    (url: URL) => Object.assign(url, { password: "geheim" }),
    /refuses the user or the password/,
  ],
  [
    "a database that is not there",
    (url: URL) => Object.assign(url, { pathname: "/nowhere" }),
    /no such database/,
  ],
  ["a port nobody listens on", (url: URL) => Object.assign(url, { port: "1" }), /cannot be reached/],
] as const) {
  test.serial(`${what} is told in words, without the password`, async (t) => {
    const url = new URL((await postgres()).url());
    const secret = url.password;
    const error = await t.throwsAsync(Database.open({ url: change(url).href }), { instanceOf: StorageError });
    t.regex(String(error?.message), said);
    t.notRegex(`${error?.message} ${error?.stack}`, new RegExp(`geheim|${secret}`));
  });
}

test.serial("the place of a database is told without user and password", async (t) => {
  const url = await temporaryUrl(t, "postgres");
  const { database } = await Database.open({ url });
  t.teardown(() => database.close());
  t.regex(database.location, /^postgres:\/\/127\.0\.0\.1:\d+\/test_\d+$/);
});

test.serial("a statement that is said again stays prepared, and a connection never keeps many", async (t) => {
  const store = await temporaryStore(t, "postgres");
  const { database } = store;
  const prepared = () =>
    database.read(async ({ executor }) => {
      const row = await executor.first<{ n: number }>(
        sql`SELECT count(*)::int AS n FROM pg_prepared_statements`,
      );
      return row?.n ?? 0;
    });
  const say = (text: string) =>
    database.read(({ executor }) =>
      executor.first<{ said: string }>(sql`SELECT ${raw(`'${text}'`)} AS said`),
    );
  const before = await prepared();
  t.deepEqual(await say("once"), { said: "once" });
  t.is(await prepared(), before + 1); // that which counts
  t.deepEqual([await say("once"), await say("once")], [{ said: "once" }, { said: "once" }]);
  t.is(await prepared(), before + 2);
  let most = 0;
  for (let text = 0; text < 450; text++) {
    await say(String(text));
    t.deepEqual(await say(String(text)), { said: String(text) });
    if (text % 25 === 0) most = Math.max(most, await prepared());
  }
  t.true(most > 100 && most <= 202, `${most}`);
});

test.serial("what is prepared goes on after an index was made and a table was changed", async (t) => {
  const { database, itemSearch } = await temporaryStore(t, "postgres");
  const find = () => itemSearch.search({ limit: 5, parsed: [{ path: ["a"], op: "==", value: "x" }] });
  const read = () =>
    database.read(({ executor }) => executor.first<{ a: unknown }>(sql`SELECT a FROM changed_later`));
  const change = (statement: string) =>
    database.write(({ executor }) => executor.run(sql`${raw(statement)}`));
  await change("CREATE TABLE changed_later AS SELECT '7' AS a");
  for (let time = 0; time < 3; time++) t.deepEqual([await read(), (await find()).items], [{ a: "7" }, []]);
  await database.pathIndexes.ensure([["a"]]);
  await change("ALTER TABLE changed_later ALTER a TYPE bigint USING a::bigint");
  for (let time = 0; time < 3; time++) t.deepEqual([await read(), (await find()).items], [{ a: 7 }, []]);
});
