import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProsody } from "@larder/testing";
import test, { type ExecutionContext } from "ava";
import { addAccount, failure, startDaemon, temporaryHome } from "./support.js";

const program = fileURLToPath(new URL("../bin/larderd.cjs", import.meta.url));

/** Runs larderd until it ends by itself. */
async function ended(
  env: Record<string, string>,
  args: string[] = [],
  uid?: number,
): Promise<{ code: number; stderr: string; stdout: string }> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const read = { stderr: "", stdout: "" };
  child.stderr.on("data", (chunk) => {
    read.stderr += chunk;
  });
  child.stdout.on("data", (chunk) => {
    read.stdout += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, ...read };
}

/** Whether another user can run it: a Node that npx fetched lies in a home that nobody else may enter. */
async function othersReach(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o001) === 0) return false;
  return dirname(path) === path || othersReach(dirname(path));
}

/** Writes raw bytes to the socket and reads answers, one for each line. */
async function raw(t: ExecutionContext, home: string) {
  const socket = connect(join(home, "larder.sock"));
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  let buffer = "";
  const answers: Record<string, never>[] = [];
  let wake = () => {};
  socket.on("data", (chunk) => {
    buffer += chunk;
    const lines = buffer.split("\n");
    buffer = lines.pop() ?? "";
    answers.push(...lines.map((line) => JSON.parse(line) as Record<string, never>));
    wake();
  });
  socket.on("close", () => wake());
  return {
    socket,
    async next(): Promise<Record<string, unknown> | undefined> {
      while (answers.length === 0 && !socket.readableEnded && !socket.destroyed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return answers.shift();
    },
  };
}

const version = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"version_get","params":{}}\n`;

test("bad lines are answered with the code of JSON-RPC, and the connection goes on", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.connect();
  const { socket, next } = await raw(t, daemon.home);
  const cases: [line: string, code: number][] = [
    ["this is not JSON", -32700],
    ['{"jsonrpc":"2.0","id":1', -32700],
    ["[]", -32600],
    ["5", -32600],
    ['{"id":1,"method":"version_get"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"no_such_method"}', -32601],
    ['{"jsonrpc":"2.0","id":1,"method":"toString"}', -32601],
    ['{"jsonrpc":"2.0","id":1,"method":"version_get","params":[1]}', -32602],
  ];
  for (const [line, code] of cases) {
    socket.write(`${line}\n`);
    t.like(await next(), { error: { code } }, line);
  }
  socket.write("\n  \n");
  socket.write(version(7));
  t.like(await next(), { id: 7, result: { name: "larder" } });
});

test("a batch is answered as a batch, whatever is wrong with one of its requests", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.connect();
  const { socket, next } = await raw(t, daemon.home);
  socket.write(
    `[${version(1).trim()},{"jsonrpc":"2.0","id":2,"method":"nope"},7,{"jsonrpc":"2.0","method":"version_get"}]\n`,
  );
  const answers = (await next()) as unknown as { id: number | null; error?: { code: number } }[];
  t.deepEqual(
    answers.map(({ id, error }) => [id, error?.code]),
    [
      [1, undefined],
      [2, -32601],
      [null, -32600],
    ],
  );
});

test("a line over the limit is refused, the next one is answered, and the daemon does not keep it", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "larder.toml"), "[limits]\nlineBytes = 100000\n");
  const daemon = await startDaemon(t, { home });
  await daemon.connect();
  const { socket, next } = await raw(t, home);
  socket.write(
    `{"jsonrpc":"2.0","id":1,"method":"version_get","params":{"x":"${"y".repeat(300_000)}"}}\n${version(2)}`,
  );
  t.like(await next(), { id: null, error: { code: -32600, message: "a line is larger than 100000 bytes" } });
  t.like(await next(), { id: 2, result: { name: "larder" } });
});

test("a client that closes its writing side still gets all its answers", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.connect();
  const { socket, next } = await raw(t, daemon.home);
  socket.end(Array.from({ length: 50 }, (_, id) => version(id)).join(""));
  const ids = [];
  for (let answer = await next(); answer; answer = await next()) ids.push(answer.id);
  t.is(new Set(ids).size, 50);
});

test("wrong parameters are refused with the name of the field and what it takes", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const cases: [method: string, params: object, path: string, message: RegExp][] = [
    ["account_add", { jid: "not a jid@", password: "x" }, "jid", /not a JID/],
    ["account_add", { jid: "a@b.example" }, "password", /password/],
    ["account_add", { jid: "b.example", password: "x" }, "jid", /no name before an @/],
    [
      "account_add",
      { jid: "a@b.example", password: "x", service: "http://x" },
      "service",
      /xmpp:\/\/host:port/,
    ],
    ["account_add", { jid: "a@b.example", password: "x", caFile: "/no/such/file" }, "caFile", /caFile/],
    ["account_add", { jid: "a@b.example", password: "x", extra: 1 }, "extra", /not a parameter/],
    ["message_send", { to: "a@b.example" }, "body", /exactly one of body and bodies/],
    ["history_get", { limit: 5000 }, "limit", /1000/],
    ["history_get", { limit: "5" }, "limit", /number/],
    ["ps_items_get", { node: "n", maxItems: 1, itemIds: ["a"] }, "rsm", /at most one/],
    ["ps_items_get", { node: "n", rsm: { max: 2, after: "a", before: "b" } }, "rsm", /at most one/],
    ["ps_cache_search", { parsed: [{ path: ["a"], op: "~", value: 1 }] }, "parsed.0.op", /op/],
    ["ps_cache_search", { fts: '"open' }, "fts", /quotation mark/],
    ["ps_cache_search", { orderBy: [{ order: "rank" }] }, "orderBy.0", /rank needs/],
    ["signals_subscribe", { signals: ["no_such"] }, "signals.0", /no signal/],
  ];
  for (const [method, params, path, message] of cases) {
    const error = await failure(client.bridge.request(method, params));
    t.is(error.code, -32602, `${method} ${JSON.stringify(params)}: ${error.message}`);
    t.is(error.path, path);
    t.regex(error.message, message);
  }
  t.deepEqual((await client.call("account_list")).accounts, [], "and nothing was kept of it");
});

test("an id or address that is too long to be kept is not acceptable, and named", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const long = "x".repeat(801);
  await client.call("account_add", { jid: "a@b.example", password: "x", autoConnect: false });
  const to = { to: "c@b.example", body: "hi" };
  const cases: [method: string, params: object, key: string][] = [
    ["account_add", { jid: `${long}@b.example`, password: "x" }, "jid"],
    ["message_send", { ...to, to: `${long}@b.example` }, "conversation"],
    ["message_send", { ...to, thread: long }, "thread"],
  ];
  for (const [method, params, key] of cases) {
    const error = await failure(client.bridge.request(method, params));
    t.like(error, { code: -32000, type: "not_acceptable", message: `${key}: has more than 800 bytes` });
  }
  t.is((await client.call("stats_get")).messages, 0);
});

test("XML that is not well-formed, or that XMPP forbids, is refused before anything is sent", async (t) => {
  await using server = await startProsody();
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  await addAccount(client, server, "bob");
  const cases: [payload: string, why: RegExp][] = [
    ["<a xmlns='x'>", /unclosed/i],
    ["<a xmlns='x'/><b xmlns='x'/>", /./],
    ["just text", /./],
    ["<a xmlns='x'>&nbsp;</a>", /entity/i],
    ["<a xmlns='x'><!-- no --></a>", /comments/],
    ["<!DOCTYPE a [<!ENTITY e 'x'>]><a xmlns='x'>&e;</a>", /./],
    ["<p:a/>", /prefix|namespace/i],
    ["<a/>", /namespace/],
    ["<a xmlns='x'>\u0001</a>", /./],
  ];
  for (const [payload, why] of cases) {
    const error = await failure(client.call("ps_item_publish", { node: "n", payload }));
    t.is(error.code, -32602, payload);
    t.is(error.path, "payload");
    t.regex(error.message, why);
  }
});

test("a second daemon on the same home, or on the same database, is refused and harms nothing", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const second = await ended({ LARDER_HOME: daemon.home });
  t.is(second.code, 1);
  t.regex(second.stderr, /^larderd: a Larder daemon is running already on the instance/);
  const other = await temporaryHome(t);
  const third = await ended({
    LARDER_HOME: other,
    LARDER_DATABASE_URL: `sqlite:${join(daemon.home, "larder.db")}`,
  });
  t.is(third.code, 1);
  t.regex(third.stderr, /^larderd: a Larder daemon is running already on the database/);
  t.is((await client.call("version_get")).name, "larder");
});

test("a daemon that was killed leaves nothing that keeps the next one from starting", async (t) => {
  const first = await startDaemon(t);
  await first.connect();
  t.is(await first.end("SIGKILL"), "SIGKILL");
  const second = await startDaemon(t, { home: first.home });
  t.is((await (await second.connect()).call("version_get")).name, "larder");
});

test("SIGTERM and SIGINT end the daemon with 0, whoever is connected", async (t) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const daemon = await startDaemon(t);
    await (await daemon.connect()).call("signals_subscribe", { signals: ["*"] });
    const began = Date.now();
    t.is(await daemon.end(signal), 0);
    t.true(Date.now() - began < 5000);
    await t.throwsAsync(stat(join(daemon.home, "larder.sock")), { code: "ENOENT" });
  }
});

test("a home that cannot be written to is refused in one line with the remedy", async (t) => {
  const home = await temporaryHome(t);
  const file = join(home, "file");
  await writeFile(file, "");
  const { code, stderr } = await ended({ LARDER_HOME: join(file, "home") });
  t.is(code, 1);
  t.regex(stderr, /^larderd: .*cannot be used \(ENOTDIR\): .*LARDER_HOME/);
  if (
    process.getuid?.() === 0 &&
    (await othersReach(process.execPath)) &&
    (await othersReach(dirname(program)))
  ) {
    await mkdir(join(home, "locked"), { mode: 0o755 });
    const other = await ended({ LARDER_HOME: join(home, "locked", "home"), HOME: "/" }, [], 65534);
    t.is(other.code, 1, other.stderr);
    t.regex(other.stderr, /^larderd: .*(EACCES|cannot be|is not writable)/);
  }
});

test("a socket path that is too long, a database URL of another kind and a broken configuration are refused by name", async (t) => {
  const home = await temporaryHome(t);
  const long = await ended({ LARDER_HOME: join(home, "x".repeat(120)) });
  t.is(long.code, 2);
  t.regex(long.stderr, /LARDER_HOME/);
  const url = await ended({ LARDER_HOME: home, LARDER_DATABASE_URL: "mysql://x" });
  t.is(url.code, 1);
  t.regex(url.stderr, /mysql:; use sqlite:PATH/);
  await writeFile(join(home, "larder.toml"), "[limits]\nconnections = 'many'\n");
  const config = await ended({ LARDER_HOME: home });
  t.is(config.code, 2);
  t.regex(config.stderr, /larder\.toml: limits\.connections: /);
  await writeFile(join(home, "larder.toml"), "[limits\n");
  t.regex((await ended({ LARDER_HOME: home })).stderr, /larder\.toml is not valid TOML \(line 1\)/);
  for (const args of [["--nonsense"], ["nonsense"], ["--version=1"]])
    t.is((await ended({ LARDER_HOME: home }, args)).code, 2, args.join(" "));
});

test("everything of the instance is private, and the password is in no file but the secrets", async (t) => {
  await using server = await startProsody();
  const home = await temporaryHome(t);
  await chmod(home, 0o755); // a directory that was there before, open to others
  const daemon = await startDaemon(t, { home });
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob", "a-very-secret-word");
  const mode = async (name: string) => (await stat(join(daemon.home, name))).mode & 0o777;
  t.is(await mode("larder.sock"), 0o600);
  for (const name of ["secrets.json", "larder.db"]) t.is(await mode(name), 0o600);
  t.true((await readFile(join(daemon.home, "secrets.json"), "utf8")).includes("a-very-secret-word"));
  await client.call("account_remove", { account: bob });
  t.false((await readFile(join(daemon.home, "secrets.json"), "utf8")).includes("a-very-secret-word"));
  t.is(await daemon.end("SIGTERM"), 0);
  t.false((await readFile(join(daemon.home, "larder.db"))).includes("a-very-secret-word"));
  t.false(daemon.log().includes("a-very-secret-word"));
});

test("where the password cannot be kept, the account is not added, and the reason is told", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const blocked = join(daemon.home, "secrets.json.new");
  await mkdir(blocked); // as a full disk, also for root
  const params = { jid: "a@b.example", password: "x", autoConnect: false };
  const error = await failure(client.call("account_add", params));
  t.is(error.type, "storage");
  t.regex(error.message, /secrets\.json cannot be written \(EISDIR\)/);
  t.deepEqual((await client.call("account_list")).accounts, []);
  await rmdir(blocked);
  t.deepEqual(await client.call("account_add", params), { account: "a@b.example" });
});

test("the paths that an analyser names are indexed at its first start, and not again at the next", async (t) => {
  const home = await temporaryHome(t);
  const analyser = `[[analysers]]\nname = "mine"\ntype = "mine"\nnamespace = "urn:x"\nindexes = [["n", 0]]\n`;
  await writeFile(join(home, "larder.toml"), analyser);
  const first = await startDaemon(t, { home });
  await first.connect();
  t.regex(first.log(), /"path":\["n",0\],"msg":"making an index on parsed data"/);
  await first.end("SIGTERM");
  const second = await startDaemon(t, { home });
  await second.connect();
  t.notRegex(second.log(), /making an index/);
});
