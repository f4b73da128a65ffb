import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ConnectionError } from "../errors/errors.js";
import { BridgeClient, DaemonUnreachableError, type ReceivedSignal } from "./client.js";
import { BridgeError } from "./errors.js";

/** Something that listens where a daemon would, and answers each line as told. */
async function listening(t: ExecutionContext, answer: (line: { id: number }, socket: Socket) => void) {
  const directory = await mkdtemp(join(tmpdir(), "larder-client-"));
  const path = join(directory, "s");
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      for (const line of data.toString().trim().split("\n")) answer(JSON.parse(line), socket);
    });
  });
  server.listen(path);
  await once(server, "listening");
  const client = await BridgeClient.connect(path);
  t.teardown(async () => {
    await client.close();
    server.close();
    await rm(directory, { recursive: true, force: true });
  });
  return client;
}
const write = (socket: Socket, value: unknown) => socket.write(`${JSON.stringify(value)}\n`);

test("answers find their requests in whatever order they come", async (t) => {
  const waiting: number[] = [];
  const client = await listening(t, ({ id }, socket) => {
    waiting.push(id);
    if (waiting.length < 2) return;
    for (const each of waiting.toReversed()) write(socket, { jsonrpc: "2.0", id: each, result: { n: each } });
  });
  const [first, second] = await Promise.all([client.request("a", {}), client.request("b", {})]);
  t.not((first as { n: number }).n, (second as { n: number }).n);
});

test("an error of the daemon is a BridgeError", async (t) => {
  const client = await listening(t, ({ id }, socket) =>
    write(socket, { jsonrpc: "2.0", id, error: { code: -32602, message: "m", data: { path: "to" } } }),
  );
  const error = await t.throwsAsync(client.request("a", {}), { instanceOf: BridgeError });
  t.is(error?.path, "to");
});

test("signals arrive in order, and those this version does not know are left out", async (t) => {
  const client = await listening(t, ({ id }, socket) => {
    for (const method of ["message_new", "from_the_future", "message_update"])
      write(socket, { jsonrpc: "2.0", method, params: {} });
    write(socket, { jsonrpc: "2.0", id, result: {} });
  });
  const seen: ReceivedSignal["signal"][] = [];
  client.onSignal(({ signal }) => seen.push(signal));
  await client.request("a", {});
  t.deepEqual(seen, ["message_new", "message_update"]);
});

test("who waits is told when the connection ends, and later callers too", async (t) => {
  const client = await listening(t, (_line, socket) => socket.destroy());
  await t.throwsAsync(client.request("a", {}), { instanceOf: ConnectionError });
  await client.closed;
  await t.throwsAsync(client.request("a", {}), { instanceOf: ConnectionError });
});

test("what is no JSON ends the connection, not the program", async (t) => {
  const client = await listening(t, (_line, socket) => socket.write("HTTP/1.1 400 Bad Request\r\n"));
  await t.throwsAsync(client.request("a", {}), { instanceOf: ConnectionError });
  await t.notThrowsAsync(client.closed);
});

test("nobody listening is told as such", async (t) => {
  await t.throwsAsync(BridgeClient.connect(join(tmpdir(), "larder-nobody-here.sock")), {
    instanceOf: DaemonUnreachableError,
  });
});
