import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { type ExecutionContext } from "ava";
import { startDaemon, type TestClient, temporaryHome } from "./support.js";

const line = (id: number, method: string, params: object = {}) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;

async function open(t: ExecutionContext, home: string): Promise<Socket> {
  const socket = connect(join(home, "larder.sock"));
  socket.on("error", () => {});
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Lines as they come; JSON, or empty. */
const linesOf = (socket: Socket) => createInterface({ input: socket })[Symbol.asyncIterator]();

async function connectionsAre(client: TestClient, wanted: number): Promise<void> {
  for (;;) {
    const { bridge } = await client.call("stats_get"); // a turn of the daemon's each time
    if (bridge.connections === wanted) return;
  }
}

test("clients over the limit are told so, and may go away in any way without harm to the daemon", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "larder.toml"), "[limits]\nconnections = 2\n");
  const daemon = await startDaemon(t, { home });
  const client = await daemon.connect();
  const second = await open(t, home);
  const refused = linesOf(await open(t, home));
  t.regex(
    (await refused.next()).value as string,
    /"code":-32600,"message":"there are 2 connections already"/,
  );
  t.true((await refused.next()).done);
  for (let round = 0; round < 100; round++) {
    const socket = await open(t, home);
    socket.write(line(1, "version_get"));
    socket.destroy(); // with the refusal unread, which resets the connection
  }
  second.destroy();
  await connectionsAre(client, 1);
  t.is((await client.call("version_get")).name, "larder");
});

test("followers that were killed give their places to others, though nothing happens that they could be told", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "larder.toml"), "[limits]\nconnections = 6\n");
  const daemon = await startDaemon(t, { home });
  const client = await daemon.connect();
  for (let follower = 0; follower < 5; follower++) {
    const socket = await open(t, daemon.home);
    socket.write(line(1, "signals_subscribe", { signals: ["*"] }));
    await once(socket, "data");
    socket.destroy();
  }
  const another = await daemon.connect();
  t.is((await another.call("version_get")).name, "larder");
  await connectionsAre(client, 2);
});

test("a follower that has closed its writing side alone goes on hearing", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const socket = await open(t, daemon.home);
  const lines = linesOf(socket);
  socket.end(line(1, "signals_subscribe", { signals: ["connection_state"] }));
  t.regex((await lines.next()).value as string, /"id":1,"result"/);
  await client.call("account_add", { jid: "a@b.example", password: "x", service: "xmpp://127.0.0.1:1" });
  for (;;) {
    const { value, done } = await lines.next();
    t.not(done, true);
    if (done === true || /"method":"connection_state"/.test(value)) break;
  }
});

test("a large batch does not keep others waiting until it is done", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const socket = await open(t, daemon.home);
  const requests = Array.from({ length: 50_000 }, (_, id) => line(id, "version_get").trim());
  let batchAnswered = false;
  const batch = linesOf(socket)
    .next()
    .then(({ value }) => {
      batchAnswered = true;
      return JSON.parse(value as string) as unknown[];
    });
  await new Promise<void>((resolve) => socket.write(`[${requests.join(",")}]\n`, () => resolve()));
  await client.call("version_get");
  t.false(batchAnswered);
  t.is((await batch).length, requests.length);
});

test("requests in any number are all answered, whoever else does not read", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.connect();
  const deaf = await open(t, daemon.home);
  deaf.pause();
  const many = Array.from({ length: 1000 }, (_, id) => line(id, "stats_get")).join("");
  deaf.write(many);
  const socket = await open(t, daemon.home);
  const lines = linesOf(socket);
  socket.end(many);
  const ids = new Set<number>();
  for (let next = await lines.next(); !next.done; next = await lines.next())
    ids.add((JSON.parse(next.value) as { id: number }).id);
  t.is(ids.size, 1000);
});

test("a daemon that is told to stop while it still starts ends cleanly", async (t) => {
  const daemon = await startDaemon(t);
  while (!daemon.log().includes("migrating the database")) {
    if (!daemon.process.stderr) throw new Error("no log");
    await once(daemon.process.stderr, "data");
  }
  t.is(await daemon.end("SIGTERM"), 0);
});

test("idle clients and followers do not make the end wait", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.connect();
  const follower = await open(t, daemon.home);
  follower.write(line(1, "signals_subscribe", { signals: ["*"] }));
  await once(follower, "data");
  t.is(await daemon.end("SIGTERM"), 0);
  const times = ["stopping", "larderd has stopped"].map(
    (text) =>
      daemon
        .log()
        .split("\n")
        .find((entry) => entry.includes(`"${text}"`)) ?? "{}",
  );
  const [from, to] = times.map((entry) => Date.parse((JSON.parse(entry) as { time: string }).time));
  t.true(Number(to) - Number(from) < 1400, "less than the grace for requests under way");
});
