import { readFile } from "node:fs/promises";
import type { bridgeMethods } from "@larder/core";
import { startProsody } from "@larder/testing";
import test from "ava";
import { z } from "zod";
import { addAccount, startDaemon } from "./support.js";

type Schema = Parameters<typeof z.fromJSONSchema>[0];
interface OpenRpc {
  readonly methods: readonly { readonly name: string; readonly result: { readonly schema: Schema } }[];
  readonly "x-signals": readonly {
    readonly name: string;
    readonly durable: boolean;
    readonly params: Schema;
  }[];
}

const server = await startProsody();
const openrpc = JSON.parse(
  await readFile(new URL("../../../docs/openrpc.json", import.meta.url), "utf8"),
) as OpenRpc;
test.after.always(() => server.stop());

test("what the daemon answers and tells is what openrpc.json says, cursors included", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const told = new Map<string, unknown>();
  client.bridge.onSignal(({ signal, params }) => told.set(signal, params));
  await client.call("signals_subscribe", { signals: ["*"] });
  const alice = await addAccount(client, server, "alice");
  const results = new Map<string, unknown>();
  const call = async (method: keyof typeof bridgeMethods, params: object = {}) =>
    results.set(method, await client.bridge.request(method, params));
  await call("message_send", { to: alice, body: "to myself", wait: "sent" });
  const uid = (results.get("message_send") as { message: { uid: string } }).message.uid;
  await call("message_reactions_set", { uid, reactions: ["👍"] });
  await call("ps_node_create", { service: server.pubsub, node: "n" });
  await call("ps_subscribe", { service: server.pubsub, node: "n" });
  const payload = '<entry xmlns="http://www.w3.org/2005/Atom"><title>T</title></entry>';
  await call("ps_item_publish", { service: server.pubsub, node: "n", payload });
  await client.signal(({ signal, params }) => signal === "ps_event" && params.event === "items" && params);
  for (const method of [
    "account_list",
    "stats_get",
    "version_get",
    "events_get",
    "roster_get",
    "conversations_list",
  ] as const)
    await call(method);
  await call("history_get", { conversation: alice });
  await call("ps_items_get", { service: server.pubsub, node: "n" });
  await call("ps_cache_nodes");
  for (const [method, result] of results) {
    const described = openrpc.methods.find(({ name }) => name === method);
    const read = z.fromJSONSchema(described?.result.schema ?? false).safeParse(result);
    t.true(read.success, `${method}: ${read.error}`);
  }
  for (const name of ["connection_state", "message_new", "message_update", "ps_event"]) {
    const described = openrpc["x-signals"].find((signal) => signal.name === name);
    const read = z.fromJSONSchema(described?.params ?? false).safeParse(told.get(name));
    t.true(read.success, `${name}: ${read.error}`);
    t.is(described?.durable, typeof (told.get(name) as { cursor?: string }).cursor === "string");
    const { properties } = (described?.params ?? {}) as { properties?: object };
    t.is(Object.hasOwn(properties ?? {}, "cursor"), described?.durable === true);
  }
});
