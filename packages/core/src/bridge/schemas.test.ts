import test from "ava";
import { type BridgeMethod, bridgeMethods } from "./contract.js";
import { bridgeSignals, isBridgeSignal } from "./signals.js";

const accepts = (method: BridgeMethod, params: unknown) =>
  bridgeMethods[method].params.safeParse(params).success;

const node = "urn:xmpp:microblog:0";
const taken: [method: BridgeMethod, params: unknown][] = [
  ["version_get", {}],
  ["account_add", { jid: "a@b.example", password: "p" }],
  ["account_add", { jid: "a@b.example", password: "p", service: "xmpps://[::1]:5223", tls: "disabled" }],
  ["message_send", { to: "a@b.example", body: "x" }],
  ["message_send", { to: "a@b.example", bodies: [{ lang: "en", text: "x" }], wait: "sent", type: "normal" }],
  ["history_get", { before: "2026-01-01T00:00:00.000Z", limit: 1000 }],
  ["message_reactions_set", { uid: "u", reactions: [] }],
  ["message_reactions_set", { uid: "u", reactions: ["👍"], updateType: "toggle" }],
  ["ps_items_get", { node }],
  ["ps_items_get", { node, rsm: { before: "" } }],
  ["ps_items_get", { node, maxItems: 1, orderBy: "creation", useCache: false }],
  ["ps_items_get", { node, itemIds: [""] }],
  ["ps_item_publish", { node, id: "", payload: "<a xmlns='b'/>" }],
  ["ps_item_retract", { node, id: "" }],
  ["ps_item_reactions_set", { node, id: "", reactions: [] }],
  ["ps_item_noticed_set", { node, id: "", noticed: true }],
  ["ps_cache_search", {}],
  ["ps_cache_search", { parsed: [{ path: ["tags", 0], op: "==", value: null }], types: [null] }],
  ["ps_cache_search", { orderBy: [{ path: ["published"], direction: "desc" }, { order: "rank" }] }],
  ["ps_node_create", {}],
];
const refused: [method: BridgeMethod, params: unknown][] = [
  ["version_get", { x: 1 }],
  ["account_add", { jid: "a@b.example" }],
  ["account_add", { jid: "a@b.example", password: "" }],
  ["account_add", { jid: "a@b.example", password: "p", service: "http://b.example" }],
  ["account_add", { jid: "a@b.example", password: "p", service: "xmpp://b.example/path" }],
  ["message_send", { to: "a@b.example", body: "" }],
  ["message_send", { to: "a@b.example", body: "x", type: "headline" }],
  ["history_get", { limit: 0 }],
  ["history_get", { limit: 1001 }],
  ["message_reactions_set", { uid: "u", reactions: [""] }],
  ["message_reactions_set", { uid: "u" }],
  ["ps_items_get", {}],
  ["ps_items_get", { node: "" }],
  ["ps_items_get", { node, maxItems: 1, itemIds: ["a"] }],
  ["ps_items_get", { node, rsm: { after: "a", before: "b" } }],
  ["ps_items_get", { node, rsm: { max: 1001 } }],
  ["ps_items_get", { node, itemIds: [] }],
  ["ps_cache_search", { parsed: [{ path: [], op: "==", value: 1 }] }],
  ["ps_cache_search", { parsed: [{ path: ["a"], op: "===", value: 1 }] }],
  ["ps_cache_search", { parsed: [{ path: ["a"], op: "==" }] }],
  ["ps_cache_search", { parsed: [{ path: [-1], op: "==", value: 1 }] }],
  ["ps_cache_search", { orderBy: [{ order: "size" }] }],
  ["ps_item_publish", { node, payload: "" }],
  ["signals_subscribe", { signals: [] }],
];
for (const [method, params] of taken)
  test(`${method} takes ${JSON.stringify(params)}`, (t) => t.true(accepts(method, params)));
for (const [method, params] of refused)
  test(`${method} refuses ${JSON.stringify(params)}`, (t) => t.false(accepts(method, params)));

test("JIDs arrive normalised; where a bare one is meant the resource is cut off", (t) => {
  const send = bridgeMethods.message_send.params.parse({
    to: "Room@B.example/Nick",
    body: "x",
    account: "Me@X.example/r",
  });
  t.is(send.to, "room@b.example/Nick");
  t.is(send.account, "me@x.example");
});

test("only names of signals are signals", (t) => {
  for (const name of Object.keys(bridgeSignals)) t.true(isBridgeSignal(name));
  for (const name of ["toString", "__proto__", "message_newer", ""]) t.false(isBridgeSignal(name));
});

test("every method is listed under its own name", (t) => {
  for (const [name, method] of Object.entries(bridgeMethods)) t.is(String(method.name), name);
});
