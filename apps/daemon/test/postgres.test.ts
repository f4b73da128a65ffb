import { startPostgres } from "@larder/testing";
import test from "ava";
import { startDaemon, temporaryHome } from "./support.js";

test("the daemon keeps everything on PostgreSQL, goes on after a restart of the server, and ends cleanly", async (t) => {
  await using server = await startPostgres();
  const env = { LARDER_DATABASE_URL: await server.createDatabase() };
  const daemon = await startDaemon(t, { env });
  const client = await daemon.connect();
  await client.call("account_add", { jid: "a@b.example", password: "x", autoConnect: false });
  await server.restart();
  await client.call("account_add", { jid: "c@d.example", password: "x", autoConnect: false });
  t.deepEqual(
    (await client.call("account_list")).accounts.map(({ account }) => account),
    ["a@b.example", "c@d.example"],
  );
  t.is(await daemon.end("SIGTERM"), 0);
  const again = await startDaemon(t, { env, home: daemon.home });
  t.is((await (await again.connect()).call("account_list")).accounts.length, 2);
  t.notRegex(`${daemon.log()}${again.log()}`, new RegExp(new URL(env.LARDER_DATABASE_URL).password));
});

test("a second daemon on the same PostgreSQL database is refused in words, from any home", async (t) => {
  await using server = await startPostgres();
  const env = { LARDER_DATABASE_URL: await server.createDatabase() };
  const first = await startDaemon(t, { env });
  await first.connect();
  const second = await startDaemon(t, { env, home: await temporaryHome(t) });
  t.is(await new Promise((resolve) => second.process.once("exit", resolve)), 1);
  t.regex(
    second.log(),
    /^larderd: a Larder daemon is running already on the database postgres:\/\/127\.0\.0\.1:\d+\/test_1\n$/,
  );
});

test("a PostgreSQL that asks for a password that nobody gave is told in words with the remedy", async (t) => {
  await using server = await startPostgres();
  const url = new URL(await server.createDatabase());
  url.password = "";
  const env = { LARDER_DATABASE_URL: url.href, PGPASSWORD: "", PGPASSFILE: "/nowhere" };
  const daemon = await startDaemon(t, { env });
  t.is(await new Promise((resolve) => daemon.process.once("exit", resolve)), 1);
  t.regex(
    daemon.log(),
    /^larderd: .*the server asks for a password and none is known: put it into LARDER_DATABASE_URL/,
  );
});
