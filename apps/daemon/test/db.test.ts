import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStore, Database, type Store } from "@larder/storage";
import { type PostgresServer, startPostgres } from "@larder/testing";
import test, { type ExecutionContext } from "ava";
import { startDaemon, temporaryHome } from "./support.js";

const program = fileURLToPath(new URL("../bin/larderd.cjs", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real program with `db` and these arguments, to its end. */
async function db(
  home: string,
  args: string,
  { url, input = "" }: { url?: string; input?: string } = {},
): Promise<Ended> {
  const env = { ...process.env, LARDER_HOME: home, ...(url !== undefined && { LARDER_DATABASE_URL: url }) };
  const child = spawn(process.execPath, [program, "db", ...args.split(" ").filter(Boolean)], { env });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

let server: Promise<PostgresServer> | undefined;

function postgres(): Promise<PostgresServer> {
  server ??= startPostgres();
  return server;
}

test.after.always(async () => (await server)?.stop());

const fileOf = (home: string) => join(home, "larder.db");
const urlOf = (home: string) => `sqlite:${fileOf(home)}`;

/** What a command with --json told. */
const told = <T>({ stdout }: Ended) => JSON.parse(stdout) as T;

async function withStore<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  const { database } = await Database.open({ url });
  try {
    return await work(createStore(database));
  } finally {
    await database.close();
  }
}

/** A message more in the database, with an account for it. */
function addMessage(url: string, text: string): Promise<void> {
  return withStore(url, async (store) => {
    const jid = "alice@larder.test";
    const account =
      (await store.accounts.get(jid)) ??
      (await store.accounts.add({ jid, autoConnect: false, tls: "required", allowPlaintext: false }));
    const now = new Date();
    await store.database.write(async (unit) => {
      const { uid } = await store.messages.insert({
        accountId: account.id,
        conversation: "bob@larder.test",
        direction: "in",
        type: "chat",
        from: "bob@larder.test/phone",
        to: jid,
        sender: "bob@larder.test",
        timestamp: now,
        receivedAt: now,
        delayed: false,
        extra: {},
        bodies: [{ lang: "", text }],
        subjects: [],
      });
      await unit.log("message_new", account.id, { uid });
    });
  });
}

/** Statements that nobody but a test or an accident runs. */
const run = (url: string, ...statements: string[]): Promise<void> =>
  withStore(url, ({ database }) =>
    database.write(async ({ transaction }) => {
      for (const statement of statements) await database.sequelize.query(statement, { transaction });
    }),
  );

const textsIn = (url: string): Promise<unknown[]> =>
  withStore(url, async (store) =>
    (await store.messages.history({ limit: 100 })).messages.map(({ bodies }) => bodies[0]?.text),
  );

const newestEvent = (url: string) => withStore(url, (store) => store.events.newest());

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

async function homeWithMessages(t: ExecutionContext, ...texts: string[]): Promise<string> {
  const home = await temporaryHome(t);
  for (const text of texts) await addMessage(urlOf(home), text);
  return home;
}

function failsWith(t: ExecutionContext, ended: Ended, message: RegExp, code = 1): void {
  t.is(ended.code, code, ended.stderr);
  t.regex(ended.stderr, /^larderd: [^\n]+\n$/, "one line");
  t.regex(ended.stderr, message);
  t.is(ended.stdout, "");
}

test("what is asked wrongly has status 2 and one line that says how it is right", async (t) => {
  const home = await temporaryHome(t);
  failsWith(t, await db(home, ""), /larderd db --help/, 2);
  failsWith(t, await db(home, "nonsense"), /unknown command 'nonsense'/, 2);
  failsWith(t, await db(home, "backup"), /missing required argument 'file'/, 2);
  failsWith(t, await db(home, "status --loud"), /unknown option '--loud'/, 2);
  const help = await db(home, "--help");
  t.is(help.code, 0);
  t.regex(help.stdout, /restore.*vacuum.*import/s);
});

test("status tells of a database that is absent, current, older and newer, and makes none", async (t) => {
  const home = await temporaryHome(t);
  const state = async () => told<{ state: string }>(await db(home, "status --json")).state;
  t.is(await state(), "absent");
  t.deepEqual(await readdir(home), []);
  failsWith(t, await db(home, "check"), /there is no database at .*larderd makes one when it starts/);
  t.is((await db(home, "migrate")).code, 0);
  t.is(await state(), "current");
  const undone = await db(home, "rollback --json");
  const [newest = "", ...further] = told<{ undone: string[] }>(undone).undone;
  t.deepEqual(further, []);
  t.is(await state(), "older");
  const migrated = (await db(home, "migrate")).stdout;
  t.true(migrated.includes(`${newest}\nthe database as it was is kept in `), migrated);
  await run(urlOf(home), "INSERT INTO migration (name, revision, applied_at) VALUES ('2999.future', 1, 0)");
  t.is(await state(), "newer");
  t.regex((await db(home, "status")).stdout, /newer than this program: update Larder/);
  failsWith(t, await db(home, "migrate"), /newer Larder .*2999\.future/);
  failsWith(t, await db(home, "rollback"), /newer Larder/);
  const asJson = await db(home, "migrate --json");
  t.like(JSON.parse(asJson.stderr), { error: { type: "storage" } });
});

for (const kind of ["backup", "export"]) {
  test(`what was kept by ${kind} is restored as it was, and the database that was there is kept`, async (t) => {
    const home = await homeWithMessages(t, "first");
    const file = join(home, "kept");
    t.is((await db(home, `${kind} ${file}`)).code, 0);
    t.is(await modeOf(file), 0o600);
    failsWith(t, await db(home, `${kind} ${file}`), /is there already, and is not overwritten/);
    const cursor = await newestEvent(urlOf(home));
    await addMessage(urlOf(home), "second");
    const restored = await db(home, `restore ${file} --json`);
    t.is(restored.code, 0, restored.stderr);
    t.is(await modeOf(fileOf(home)), 0o600);
    t.deepEqual(await textsIn(urlOf(home)), ["first"]);
    t.deepEqual(await textsIn(`sqlite:${told<{ kept: string }>(restored).kept}`), ["first", "second"]);
    await withStore(urlOf(home), (store) =>
      t.throwsAsync(store.events.since(cursor, { limit: 1 }), { message: /another event log/ }),
    );
    t.is((await db(home, "check")).stdout, "nothing wrong\n");
    t.deepEqual(
      (await readdir(home)).filter((name) => /partial|\.new-/.test(name)),
      [],
    );
  });
}

test("passwords go along with a backup when asked for, and without them both commands say so", async (t) => {
  const home = await homeWithMessages(t, "first");
  const secrets = { "alice@larder.test": { password: "a-very-secret-word", memory: {} } };
  await writeFile(join(home, "secrets.json"), JSON.stringify(secrets), { mode: 0o600 });
  await writeFile(join(home, "digest.key"), `${"ab".repeat(32)}\n`, { mode: 0o600 });
  const plain = await db(home, `backup ${join(home, "plain")}`);
  t.regex(plain.stdout, /passwords are not in it: --with-secrets takes them along/);
  t.false(plain.stdout.includes("a-very-secret-word"));
  const file = join(home, "kept");
  t.like(told(await db(home, `backup ${file} --with-secrets --json`)), { secrets: `${file}.secrets` });
  t.is(await modeOf(`${file}.secrets`), 0o600);

  const elsewhere = await temporaryHome(t);
  const without = await db(elsewhere, `restore ${file}`);
  t.regex(without.stdout, /there are no passwords here: larder account password JID/);
  failsWith(
    t,
    await db(elsewhere, `restore ${join(home, "plain")} --with-secrets`),
    /made without --with-secrets/,
  );
  t.is((await db(elsewhere, `restore ${file} --with-secrets`)).code, 0);
  t.deepEqual(JSON.parse(await readFile(join(elsewhere, "secrets.json"), "utf8")), secrets);
  t.is(await modeOf(join(elsewhere, "secrets.json")), 0o600);
  t.is(await readFile(join(elsewhere, "digest.key"), "utf8"), `${"ab".repeat(32)}\n`);

  await writeFile(join(elsewhere, "secrets.json"), '{"b@b.example":{"password":"other","memory":{}}}');
  const again = told<{ keptSecrets: string }>(await db(elsewhere, `restore ${file} --with-secrets --json`));
  t.regex(await readFile(again.keptSecrets, "utf8"), /"other"/);
  await writeFile(`${file}.secrets`, '{"password":"a-very-secret-word"');
  const broken = await db(elsewhere, `restore ${file} --with-secrets`);
  failsWith(t, broken, /is no copy of secrets/);
  t.false(broken.stderr.includes("a-very-secret-word"));
});

test("while a daemon runs it can be backed up and looked at, and what needs it alone is refused", async (t) => {
  const home = await homeWithMessages(t, "first");
  const daemon = await startDaemon(t, { home });
  await daemon.connect();
  const file = join(home, "kept");
  t.is((await db(home, `backup ${file}`)).code, 0);
  t.like(told(await db(home, "status --json")), { state: "current", inUse: true });
  t.regex((await db(home, "check")).stdout, /^not checked: the full-text index.*\nnothing wrong\n$/);
  t.regex((await db(home, "export -")).stdout, /"text":"first"/);
  for (const command of [`restore ${file}`, `import ${file}`, "migrate", "rollback", "vacuum"])
    failsWith(t, await db(home, command), /a Larder daemon is using this database: stop it first/);
  t.is(await daemon.end("SIGTERM"), 0);
  t.is((await db(home, "vacuum")).code, 0);
});

test("an export goes through a pipe into another instance, which must be empty", async (t) => {
  const home = await homeWithMessages(t, "one", "two");
  const other = await temporaryHome(t);
  const { stdout } = await db(home, "export");
  const imported = await db(other, "import - --json", { input: stdout });
  t.like(told(imported), { rows: { message: 2, account: 1 } });
  t.deepEqual(await textsIn(urlOf(other)), ["one", "two"]);
  failsWith(t, await db(other, "import -", { input: stdout }), /is not empty/);
  const third = await temporaryHome(t);
  failsWith(t, await db(third, "import -", { input: stdout.slice(0, -20) }), /line \d+ is no JSON object/);
  t.deepEqual(
    (await readdir(third)).filter((name) => !name.endsWith(".lock")),
    [],
    "nothing half-made is left",
  );
});

test("a file that cannot be restored is refused, and the database stays as it is", async (t) => {
  const home = await homeWithMessages(t, "mine");
  const good = join(home, "good.ndjson");
  await db(home, `export ${good}`);
  const lines = (await readFile(good, "utf8")).trimEnd().split("\n");
  const backup = join(home, "good.db");
  await db(home, `backup ${backup}`);
  const bad = async (name: string, content: string | Buffer) => {
    await writeFile(join(home, name), content);
    return db(home, `restore ${join(home, name)}`);
  };
  const bytes = await readFile(backup);
  failsWith(t, await bad("empty", ""), /neither a database nor an export/);
  failsWith(t, await bad("list", "bread, butter"), /neither a database nor an export/);
  failsWith(t, await bad("cut", lines.slice(0, -1).join("\n")), /it was cut/);
  failsWith(t, await bad("cut.db", bytes.subarray(0, bytes.length - 20_000)), /damaged/);
  failsWith(
    t,
    await bad(
      "holed.db",
      Buffer.concat([bytes.subarray(0, 60_000), Buffer.alloc(4096, 7), bytes.subarray(64_096)]),
    ),
    /damaged/,
  );
  failsWith(t, await db(home, "restore /nowhere/at/all"), /no such file/);
  t.deepEqual(await textsIn(urlOf(home)), ["mine"]);
  t.is((await db(home, "check")).code, 0);
});

test("check says what is wrong and what to do, and mends nothing", async (t) => {
  const home = await homeWithMessages(t, "first");
  await run(
    urlOf(home),
    "INSERT INTO pubsub_node (account_id, service, node, state, items) VALUES (1, 's.test', 'news', 'synced', 7)",
    "INSERT INTO message_text_index (message_text_index, rowid, search_text) VALUES ('delete', 1, 'first')",
    "DROP INDEX event_log_by_time",
    "UPDATE setting SET value = 'never' WHERE key = 'event_log.epoch'",
  );
  for (const place of ["there", "still there"]) {
    const { code, stdout } = await db(home, "check --json");
    t.is(code, 1);
    const found = (JSON.parse(stdout) as { problems: { what: string; remedy: string }[] }).problems;
    for (const expected of [
      /node news of s\.test says it has 7 items and has 0/,
      /full-text index of message/,
      /event_log_by_time/,
      /event log's epoch/,
    ])
      t.true(
        found.some(({ what, remedy }) => expected.test(what) && remedy.includes("larder")),
        `${expected} ${place}: ${stdout}`,
      );
    t.is(found.length, 4, stdout);
  }
});

test("check finds a damaged page in the middle of a used database", async (t) => {
  const home = await temporaryHome(t);
  await addMessage(urlOf(home), "first");
  await run(
    urlOf(home),
    `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
               INSERT INTO setting (key, value) SELECT 'k' || n, hex(randomblob(200)) FROM n`,
  );
  const handle = await open(fileOf(home), "r+");
  const { size } = await handle.stat();
  await handle.write(Buffer.alloc(2000, 0x55), 0, 2000, Math.floor(size / 2 / 4096) * 4096);
  await handle.close();
  const { code, stdout } = await db(home, "check");
  t.is(code, 1);
  t.regex(stdout, /damaged.*\n +restore a backup with larderd db restore/);
});

test("another program's file and an unreadable one are errors in one line", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(fileOf(home), "this is a shopping list, not a database, and it is longer than a header");
  for (const command of ["status", "check", "migrate", `backup ${join(home, "b")}`])
    failsWith(t, await db(home, command), /is not a database/);
  const url = "postgres://larder:secretword@127.0.0.1:1/larder";
  const { code, stdout, stderr } = await db(home, "status", { url: "mysql://u:secretword@h/d" });
  t.is(code, 1);
  t.regex(stderr, /scheme mysql:/);
  t.false(`${stdout}${stderr}${(await db(home, "--help", { url })).stdout}`.includes("secretword"));
});

test("a migration's base is written from a checkout", async (t) => {
  const home = await temporaryHome(t);
  const directory = join(home, "migrations");
  await cp(fileURLToPath(new URL("../../../packages/storage/src/migrations", import.meta.url)), directory, {
    recursive: true,
  });
  const created = await db(home, `migration create add-notes --directory ${directory} --json`);
  t.is(created.code, 0, created.stderr);
  const { file, differences } = told<{ file: string; differences: unknown[] }>(created);
  t.deepEqual(differences, [], "the models are what the migrations make");
  t.regex(await readFile(file, "utf8"), /export const addNotes: Migration/);
  failsWith(t, await db(home, `migration create Bad --directory ${directory}`), /lower-case words/, 2);
  failsWith(t, await db(home, "migration create good --directory /nowhere"), /checkout/, 2);
});

test.serial(
  "on PostgreSQL: migrated, filled from SQLite, backed up, restored, and brought back to SQLite",
  async (t) => {
    const url = await (await postgres()).createDatabase();
    const password = new URL(url).password;
    const home = await homeWithMessages(t, "one", "two");
    const ended: Ended[] = [];
    const onServer = async (args: string, input?: string) => {
      const result = await db(home, args, { url, ...(input !== undefined && { input }) });
      ended.push(result);
      return result;
    };
    t.like(told(await onServer("status --json")), { engine: "postgres", state: "empty" });
    const fromSqlite = (await db(home, "export")).stdout;
    t.is((await onServer("import -", fromSqlite)).code, 0);
    t.deepEqual(await textsIn(url), ["one", "two"]);
    t.is((await onServer("check")).stdout, "nothing wrong\n");
    const backup = join(home, "pg.ndjson");
    t.like(told(await onServer(`backup ${backup} --json`)), { kind: "export" });
    t.is(await modeOf(backup), 0o600);
    await addMessage(url, "three");
    failsWith(t, await onServer(`restore ${backup}`), /is not empty .*--replace/);
    t.deepEqual(await textsIn(url), ["one", "two", "three"]);
    const cut = join(home, "cut.ndjson");
    await writeFile(cut, (await readFile(backup, "utf8")).slice(0, -300));
    failsWith(t, await onServer(`restore ${cut} --replace`), /line \d+|cut/);
    t.deepEqual(await textsIn(url), ["one", "two", "three"]);
    const replaced = await onServer(`restore ${backup} --replace`);
    t.is(replaced.code, 0, replaced.stderr);
    t.deepEqual(await textsIn(url), ["one", "two"]);
    const sqliteBackup = join(home, "lite.db");
    await addMessage(urlOf(home), "lite");
    await db(home, `backup ${sqliteBackup}`);
    t.is((await onServer(`restore ${sqliteBackup} --replace`)).code, 0);
    t.deepEqual(await textsIn(url), ["one", "two", "lite"]);
    t.is((await onServer("vacuum")).code, 0);
    t.is((await onServer("rollback")).code, 0);
    t.like(told(await onServer("status --json")), { state: "older" });
    t.is((await onServer("migrate")).code, 0);
    t.deepEqual(await textsIn(url), ["one", "two", "lite"]);
    const other = await temporaryHome(t);
    t.is((await db(other, `import -`, { input: (await onServer("export")).stdout })).code, 0);
    t.deepEqual(await textsIn(urlOf(other)), ["one", "two", "lite"]);
    t.false(ended.some(({ stdout, stderr }) => `${stdout}${stderr}`.includes(password)));
  },
);

test.serial(
  "on PostgreSQL: with a running daemon a backup works, and what needs the database alone is refused",
  async (t) => {
    const url = await (await postgres()).createDatabase();
    const home = await temporaryHome(t);
    const daemon = await startDaemon(t, { home, env: { LARDER_DATABASE_URL: url } });
    await daemon.connect();
    const file = join(home, "kept.ndjson");
    for (const command of ["status", "check", "vacuum", `backup ${file}`]) {
      const { code, stderr } = await db(home, command, { url });
      t.is(code, 0, `${command}: ${stderr}`);
    }
    for (const command of [`restore ${file} --replace`, `import ${file}`, "migrate", "rollback"])
      failsWith(t, await db(home, command, { url }), /stop it first/);
  },
);
