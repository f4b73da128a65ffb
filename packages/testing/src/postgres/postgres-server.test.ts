import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import pg from "pg";
import { findPostgres } from "./binaries.js";
import { type PostgresServer, startPostgres } from "./postgres-server.js";

let server: PostgresServer;
test.before(async () => {
  server = await startPostgres();
});
test.after.always(() => server?.stop());

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // told by the query
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text, rowMode: "array" })).rows.flat();
  } finally {
    await client.end().catch(() => {});
  }
}

test("each database is empty, UTF-8 and apart from the others", async (t) => {
  const [one, two] = await Promise.all([server.createDatabase(), server.createDatabase()]);
  t.not(one, two);
  await query(one, "CREATE TABLE note (text TEXT)");
  t.deepEqual(await query(two, "SELECT to_regclass('note')::text"), [null]);
  t.deepEqual(await query(two, "SHOW server_encoding"), ["UTF8"]);
});

test("a database can be copied with what is in it", async (t) => {
  const template = await server.createDatabase();
  await query(template, "CREATE TABLE note AS SELECT 'kept' AS text");
  const copies = await Promise.all([1, 2, 3].map(() => server.createDatabase({ template })));
  for (const copy of copies) t.deepEqual(await query(copy, "SELECT text FROM note"), ["kept"]);
});

test("nobody gets in without the password, and the files are closed to others", async (t) => {
  const url = new URL(server.url());
  url.password = "guess";
  await t.throwsAsync(query(url.href, "SELECT 1"), { code: "28P01" });
  t.is((await stat(path.dirname(server.log()))).mode & 0o777, 0o700);
});

test.serial("what was committed, and the URL, survive a crash and a restart", async (t) => {
  await using own = await startPostgres();
  const url = await own.createDatabase();
  await query(url, "CREATE TABLE note AS SELECT 'kept' AS text");
  const open = new pg.Client({ connectionString: url });
  const cut = new Promise((resolve) => open.on("error", resolve));
  await open.connect();
  await own.kill();
  await cut;
  await t.throwsAsync(query(url, "SELECT 1"), { code: "ECONNREFUSED" });
  await own.restart();
  t.deepEqual(await query(url, "SELECT text FROM note"), ["kept"]);
  await own.restart();
  t.deepEqual(await query(url, "SELECT text FROM note"), ["kept"]);
});

for (const before of ["running", "crashed"] as const) {
  test.serial(`nothing is left after stop of a server that is ${before}`, async (t) => {
    const own = await startPostgres();
    const directory = path.dirname(own.log());
    t.true(existsSync(directory));
    if (before === "crashed") await own.kill();
    await Promise.all([own.stop(), own.stop()]);
    t.false(existsSync(directory));
    await t.throwsAsync(query(own.url(), "SELECT 1"), { code: "ECONNREFUSED" });
    await t.throwsAsync(own.restart(), { message: /stopped/ });
  });
}

for (const signal of ["SIGKILL", "exit"] as const) {
  test.serial(`neither process nor directory outlives a parent that ends by ${signal}`, async (t) => {
    const child = fork(fileURLToPath(new URL("./postgres-parent.fixture.js", import.meta.url)));
    const told = await new Promise<{ url: string; log: string }>((resolve) =>
      child.once("message", (message) => resolve(message as { url: string; log: string })),
    );
    t.true(existsSync(told.log));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (signal === "exit") child.send("exit");
    else child.kill(signal);
    await gone;
    const refused = () =>
      query(told.url, "SELECT 1").then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
      );
    const isGone = async () => !existsSync(path.dirname(told.log)) && (await refused());
    const deadline = Date.now() + 20_000; // the guard acts on its own; there is no event to wait for
    while (!(await isGone()) && Date.now() < deadline) await delay(20);
    t.true(await isGone());
  });
}

test("a server that does not start is quoted in the error", async (t) => {
  await t.throwsAsync(startPostgres({ settings: { max_connections: "many" } }), {
    message: /ended while it started\n.*max_connections/s,
  });
});

/** A directory as Debian's packages make it, with programs that only tell a version. */
async function packagesOf(...versions: number[]): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), "larder-fake-"));
  for (const version of versions) {
    const bin = path.join(root, String(version), "bin");
    await mkdir(bin, { recursive: true });
    for (const name of ["initdb", "postgres"]) {
      await writeFile(path.join(bin, name), `#!/bin/sh\necho 'postgres (PostgreSQL) ${version}.1'\n`);
      await chmod(path.join(bin, name), 0o755);
    }
  }
  return root;
}

test.serial("the newest version is taken, and too old ones are named with the remedy", async (t) => {
  const before = process.env.PATH;
  const several = await packagesOf(9, 14, 17);
  const old = await packagesOf(13);
  process.env.PATH = "";
  try {
    t.is((await findPostgres(several)).postgres, path.join(several, "17", "bin", "postgres"));
    await t.throwsAsync(findPostgres(path.join(old, "none")), { message: /not installed: .*npm run setup/ });
    await t.throwsAsync(findPostgres(old), { message: /only postgres \(PostgreSQL\) 13\.1.*npm run setup/ });
  } finally {
    process.env.PATH = before;
    await Promise.all([several, old].map((directory) => rm(directory, { recursive: true })));
  }
});
