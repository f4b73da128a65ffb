import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { xml } from "@larder/core";
import { startProsody } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { addAccount, failure, startDaemon, temporaryHome } from "./support.js";

const program = fileURLToPath(new URL("../bin/larderd.cjs", import.meta.url));
const server = await startProsody();
test.after.always(() => server.stop());

const modeOf = async (path: string) => (await stat(path)).mode & 0o7777;

/** Runs a command of the shell until it ends, and returns what it wrote to standard error. */
async function shell(command: string, home: string): Promise<{ code: number; stderr: string }> {
  const child = spawn("sh", ["-c", command], { env: { ...process.env, LARDER_HOME: home } });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, stderr };
}

/** Resolves when the daemon has written it to its log. */
async function logged(
  daemon: { process: { stderr: NodeJS.ReadableStream | null }; log(): string },
  what: RegExp,
) {
  while (!what.test(daemon.log())) await once(daemon.process.stderr ?? process.stderr, "data");
}

test("a home that others can write to is taken from them, and the log says which", async (t) => {
  const home = await temporaryHome(t);
  await chmod(home, 0o777);
  const daemon = await startDaemon(t, { home });
  await daemon.connect();
  t.is(await modeOf(home), 0o700);
  t.true(daemon.log().includes(`"directory":"${home}","msg":"other users could write to this directory`));
});

test("a home that is shared on purpose is refused, with the remedy", async (t) => {
  const home = await temporaryHome(t);
  await chmod(home, 0o1777);
  const { code, stderr } = await shell(`exec ${process.execPath} ${program}`, home);
  t.is(code, 1);
  t.regex(stderr, /^larderd: .* is writable for other users, .*LARDER_HOME/);
  t.is(await modeOf(home), 0o1777);
});

test("a link that somebody put in the way of the secrets is not followed", async (t) => {
  const home = await temporaryHome(t);
  const target = join(home, "target");
  await writeFile(target, "as it was");
  await symlink(target, join(home, "secrets.json.new"));
  await symlink(target, join(home, "digest.key.new"));
  const client = await (await startDaemon(t, { home })).connect();
  await client.call("account_add", { jid: "a@b.example", password: "x", autoConnect: false });
  t.is(await readFile(target, "utf8"), "as it was");
  t.true((await lstat(join(home, "secrets.json"))).isFile());
});

test("SIGUSR1 opens no debugger", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  daemon.process.kill("SIGUSR1");
  daemon.process.kill("SIGHUP"); // handled after it
  await logged(daemon, /larder\.toml was read again/);
  await client.call("version_get");
  t.notRegex(daemon.log(), /Debugger/);
});

test("SIGHUP without a terminal reads the configuration again, and says what holds now and what does not", async (t) => {
  const home = await temporaryHome(t);
  const file = join(home, "larder.toml");
  await writeFile(file, '[log]\nlevel = "info"\n');
  const daemon = await startDaemon(t, { home });
  const client = await daemon.connect();
  await writeFile(file, '[log]\nlevel = "debug"\n[limits]\nconnections = 7\n[events]\nkeepDays = 3\n');
  daemon.process.kill("SIGHUP");
  await logged(daemon, /was read again/);
  t.regex(
    daemon.log(),
    /"reloaded":\["log\.level","events\.keepDays"\],"needRestart":\["limits\.connections"\]/,
  );
  await writeFile(file, "[limits]\nconections = 7\n");
  daemon.process.kill("SIGHUP");
  await logged(daemon, /limits\.conections: there is no such setting; settings of limits are connections, /);
  t.truthy(await client.call("version_get"), "what held before still holds");
});

test("SIGHUP from a terminal that closes ends the daemon", async (t) => {
  const home = await temporaryHome(t);
  const run = `exec ${process.execPath} ${program} 2> ${home}/err`;
  const child = spawn("script", ["-qec", run, "/dev/null"], {
    env: { ...process.env, LARDER_HOME: home },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const appears = async (what: RegExp) => {
    while (!what.test(await readFile(join(home, "err"), "utf8").catch(() => "")))
      await new Promise((resolve) => setTimeout(resolve, 20)); // another process writes it
  };
  await appears(/larderd is ready/);
  child.kill("SIGKILL"); // the terminal closes, and the system sends SIGHUP
  await appears(/"signal":"SIGHUP","msg":"stopping".*larderd has stopped/s);
  t.pass();
});

test("too few files that may be open are told in one line with the remedy", async (t) => {
  const home = await temporaryHome(t);
  const { code, stderr } = await shell(`ulimit -n 128; exec ${process.execPath} ${program}`, home);
  t.is(code, 1);
  t.regex(stderr, /^larderd: only 128 files may be open .*ulimit -n 1024\)\n$/);
});

test("a database file that is moved away ends the daemon with the reason", async (t) => {
  const home = await temporaryHome(t);
  const first = await startDaemon(t, { home });
  await first.connect();
  await first.end("SIGTERM");
  const daemon = await startDaemon(t, { home });
  await daemon.connect();
  await rename(join(home, "larder.db"), join(home, "moved.db"));
  const [code] = (await once(daemon.process, "exit")) as [number];
  t.is(code, 1);
  t.regex(daemon.log(), /larder\.db is no longer there: put back/);
});

test("a CA file that never ends or is none is refused at once, by name", async (t) => {
  const home = await temporaryHome(t);
  const daemon = await startDaemon(t, { home });
  const client = await daemon.connect();
  await mkdir(join(home, "directory"));
  await shell(`mkfifo ${join(home, "pipe")}; truncate -s 5M ${join(home, "large")}`, home);
  for (const [caFile, why] of [
    ["/dev/zero", /is no regular file/],
    [join(home, "pipe"), /is no regular file/],
    [join(home, "directory"), /is no regular file/],
    [join(home, "large"), /is larger than/],
    [join(home, "missing"), /is not a readable PEM file/],
  ] as const) {
    const error = await failure(
      client.call("account_add", { jid: "a@b.example", password: "x", caFile, autoConnect: false }),
    );
    t.is(error.path, "caFile");
    t.regex(error.message, why);
  }
});

test("plaintext to another host is refused before anything is stored", async (t) => {
  const client = await (await startDaemon(t)).connect();
  const params = { jid: "a@b.example", password: "x", tls: "disabled", autoConnect: false } as const;
  for (const service of [undefined, "xmpp://192.0.2.1:5222"]) {
    const error = await failure(client.call("account_add", { ...params, service }));
    t.is(error.type, "tls");
    t.regex(error.message, /connects to this machine only/);
  }
  t.deepEqual((await client.call("account_list")).accounts, []);
  await client.call("account_add", { ...params, service: "xmpp://127.0.0.1:1" });
});

test("a text that neither XML nor the database can hold is refused by the name of its field", async (t) => {
  const client = await (await startDaemon(t)).connect();
  await client.call("account_add", { jid: "a@b.example", password: "x", autoConnect: false });
  const send = (params: { body?: string; thread?: string }) =>
    failure(client.call("message_send", { to: "b@b.example", body: "hi", ...params }));
  t.like(await send({ body: "a\0b" }), { code: -32602, path: "body" });
  t.like(await send({ body: "a\x07b" }), { code: -32602, path: "body" });
  t.like(await send({ thread: "\ud800" }), { code: -32602, path: "thread" });
  t.like(await failure(client.call("history_get", { search: "a\0" })), { path: "search" });
  t.like(await failure(client.call("ps_cache_search", { nodes: ["n", "a\0"] })), { path: "nodes.1" });
  t.like(
    await failure(client.call("ps_cache_search", { parsed: [{ path: ["a"], op: "==", value: "\0" }] })),
    { path: "parsed.0.value" },
  );
});

test("pushes of strangers are answered as if there were no such thing, and change nothing", async (t) => {
  const client = await (await startDaemon(t)).connect();
  const alice = await addAccount(client, server, "alice");
  await server.addUser("mallory", "mallory");
  const mallory = await openSession(server, `mallory@${server.domain}`, "mallory");
  t.teardown(() => mallory.disconnect());
  // It tells its full address to whomever it writes.
  const from = await new Promise<string>((resolve) => {
    mallory.onStanza((stanza) => {
      if (stanza.name === "message") resolve(stanza.attrs.from ?? "");
    });
    client.call("message_send", { to: mallory.account, body: "hi" }).catch(() => {});
  });
  t.regex(from, new RegExp(`^${alice}/`));
  const push = (child: ReturnType<typeof xml>) =>
    t.throwsAsync(mallory.request(xml("iq", { type: "set", to: from }, child)), {
      message: /service-unavailable/,
    });
  await push(
    xml("query", { xmlns: "jabber:iq:roster" }, xml("item", { jid: "evil@b.example", subscription: "both" })),
  );
  await push(xml("block", { xmlns: "urn:xmpp:blocking" }, xml("item", { jid: "bob@b.example" })));
  await push(xml("unblock", { xmlns: "urn:xmpp:blocking" }));
  t.deepEqual((await client.call("roster_get")).contacts, []);
});

test("a message with an event beside its text is shown live", async (t) => {
  const client = await (await startDaemon(t)).connect();
  const alice = await addAccount(client, server, "alice");
  await server.addUser("bea", "bea");
  const bea = await openSession(server, `bea@${server.domain}`, "bea");
  t.teardown(() => bea.disconnect());
  await client.call("signals_subscribe", { signals: ["message_new"] });
  const event = xml(
    "event",
    { xmlns: "http://jabber.org/protocol/pubsub#event" },
    xml("items", { node: "n" }, xml("item", { id: "1" })),
  );
  await bea.send(xml("message", { to: alice, type: "chat" }, xml("body", {}, "look"), event));
  const told = await client.signal(({ signal, params }) => signal === "message_new" && params.message);
  t.is(told.bodies[0]?.text, "look");
});
