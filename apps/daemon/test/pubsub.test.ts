import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFeed, startProsody } from "@larder/testing";
import test from "ava";
import { addAccount, failure, startDaemon, type TestClient, temporaryHome } from "./support.js";

const server = await startProsody();
test.after.always(() => server.stop());

const service = server.pubsub;

async function filledNode(
  client: TestClient,
  author: string,
  node: string,
  count: number,
): Promise<string[]> {
  await client.call("ps_node_create", {
    account: author,
    service,
    node,
    config: { "pubsub#access_model": "open", "pubsub#max_items": "1000" },
  });
  const posts = makeFeed({ count, service, node, author: { name: "Bob", jid: author } });
  for (const { id, payload } of posts)
    await client.call("ps_item_publish", { account: author, service, node, id, payload });
  return posts.map(({ id }) => id);
}

const synced = (node: string) => (event: { signal: string; params: object }) =>
  event.signal === "ps_cache_progress" &&
  "node" in event.params &&
  event.params.node === node &&
  "state" in event.params &&
  event.params.state === "synced";

test("the first read comes from the service and starts the synchronisation, the next from the cache with the same items", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  await client.call("signals_subscribe", { signals: ["*"] });
  const bob = await addAccount(client, server, "bob");
  const alice = await addAccount(client, server, "alice");
  const ids = await filledNode(client, bob, "first-read", 30);

  const first = await client.call("ps_items_get", {
    account: alice,
    service,
    node: "first-read",
    maxItems: 5,
  });
  t.is(first.source, "service");
  t.deepEqual(
    first.items.map(({ id }) => id),
    ids.slice(-5),
  );
  await client.signal(synced("first-read"));
  const second = await client.call("ps_items_get", {
    account: alice,
    service,
    node: "first-read",
    maxItems: 5,
  });
  t.is(second.source, "cache");
  t.deepEqual(
    second.items.map(({ id, xml }) => [id, xml]),
    first.items.map(({ id, xml }) => [id, xml]),
  );
  t.truthy(second.items[0]?.parsed);
  const { nodes } = await client.call("ps_cache_nodes", { nodes: ["first-read"] });
  t.like(nodes, [
    { accounts: [alice], state: "synced", type: "blog", analyser: "atom", items: 30, subscribed: true },
  ]);
});

test("pages from cache and service meet at the same cursors, in both directions", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const ids = await filledNode(client, bob, "paged", 12);
  const page = (rsm: object, useCache: boolean) =>
    client.call("ps_items_get", { account: bob, service, node: "paged", rsm, useCache });

  const first = await page({ max: 5 }, false);
  t.deepEqual(
    [first.items.map(({ id }) => id), first.complete, first.rsm?.count, first.rsm?.index],
    [ids.slice(0, 5), false, 12, 0],
  );
  await client.call("ps_cache_sync", { account: bob, service, node: "paged" });
  const second = await page({ max: 5, after: first.rsm?.last }, true);
  t.is(second.source, "cache", "a cursor of the service goes on in the cache");
  t.deepEqual(
    second.items.map(({ id }) => id),
    ids.slice(5, 10),
  );
  const third = await page({ max: 5, after: second.rsm?.last }, false);
  t.is(third.source, "service", "and one of the cache at the service");
  t.deepEqual([third.items.map(({ id }) => id), third.complete], [ids.slice(10), true]);
  const back = await page({ max: 5, before: third.rsm?.first }, true);
  t.deepEqual(
    back.items.map(({ id }) => id),
    ids.slice(5, 10),
  );
  for (const useCache of [true, false]) {
    t.deepEqual(
      (await page({ max: 5, before: "" }, useCache)).items.map(({ id }) => id),
      ids.slice(-5),
    );
    t.deepEqual(
      (await page({ max: 5, index: 3 }, useCache)).items.map(({ id }) => id),
      ids.slice(3, 8),
    );
  }
  await client.call("ps_item_retract", { account: bob, service, node: "paged", id: String(ids[4]) });
  for (const useCache of [true, false]) {
    const after = await page({ max: 2, after: first.rsm?.last }, useCache);
    t.deepEqual(
      after.items.map(({ id }) => id),
      ids.slice(5, 7),
      "a cursor stays valid after its item is gone",
    );
  }
});

test("a post published, corrected and retracted by another account arrives live, and the cache follows each", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const alice = await addAccount(client, server, "alice");
  const node = "live";
  await filledNode(client, bob, node, 3);
  await client.call("ps_cache_sync", { account: alice, service, node });
  await client.call("signals_subscribe", { signals: ["ps_event"], accounts: [alice] });
  const event = (kind: string) =>
    client.signal(({ signal, params }) => signal === "ps_event" && params.event === kind && params);
  const publish = (title: string) =>
    client.call("ps_item_publish", {
      account: bob,
      service,
      node,
      id: "post",
      payload: `<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><id>x</id><updated>2026-01-01T00:00:00Z</updated></entry>`,
    });
  await publish("Zwetschgen");
  const published = await event("items");
  t.is(published.origin, "live");
  t.like(published.items?.[0], { id: "post", accounts: [alice], parsed: { title: "Zwetschgen" } });
  t.is((await client.call("ps_cache_search", { fts: "zwetschgen", nodes: [node] })).items.length, 1);
  await publish("Pflaumen");
  t.like((await event("items")).items?.[0], { parsed: { title: "Pflaumen" } });
  t.is(
    (await client.call("ps_cache_search", { fts: "zwetschgen", nodes: [node] })).items.length,
    0,
    "the index forgets the old text",
  );
  await client.call("ps_item_retract", { account: bob, service, node, id: "post" });
  t.deepEqual((await event("retract")).ids, ["post"]);
  t.deepEqual(
    (await client.call("ps_cache_get", { account: alice, service, node, itemIds: ["post"] })).items,
    [],
  );
});

test("an item that its parser refuses is kept with the error beside it, and does not hold up the others", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const node = "one-bad";
  await filledNode(client, bob, node, 3);
  await client.call("ps_item_publish", {
    account: bob,
    service,
    node,
    id: "bad",
    payload: `<feed xmlns="http://www.w3.org/2005/Atom"><title>Kaputt</title></feed>`,
  });
  const { node: view } = await client.call("ps_cache_sync", { account: bob, service, node });
  t.like(view, { state: "synced", items: 4 });
  const { items } = await client.call("ps_cache_get", { account: bob, service, node, itemIds: ["bad"] });
  t.is(items[0]?.parsed, undefined);
  t.regex(String(items[0]?.parseError), /feed is no Atom entry/);
  t.is(
    (await client.call("ps_cache_search", { fts: "kaputt", nodes: [node] })).items.length,
    1,
    "its text is still found",
  );
});

test("what happened while the daemon was away is found when it is back, and told as catch-up", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const node = "away";
  const ids = await filledNode(client, bob, node, 4);
  const alice = await addAccount(client, server, "alice");
  await client.call("ps_cache_sync", { account: alice, service, node });
  const { cursor } = await client.call("events_get", { limit: 1000 });
  await client.call("account_disconnect", { account: alice });

  const offline = await client.call("ps_items_get", { account: alice, service, node });
  t.like(
    offline,
    { source: "cache", stale: true },
    "offline the cache answers, and says that it may be out of date",
  );
  await client.call("ps_item_retract", { account: bob, service, node, id: String(ids[1]) });
  await client.call("ps_item_publish", {
    account: bob,
    service,
    node,
    id: "new",
    payload: `<entry xmlns="http://www.w3.org/2005/Atom"><title>New</title><id>x</id><updated>2026-01-01T00:00:00Z</updated></entry>`,
  });
  await client.call("signals_subscribe", { signals: ["ps_event"], accounts: [alice], since: cursor });
  await client.call("account_connect", { account: alice });
  const caught = (kind: string) =>
    client.signal(
      ({ signal, params }) =>
        signal === "ps_event" && params.event === kind && params.origin === "catchup" && params,
    );
  t.deepEqual((await caught("items")).ids, ["new"]);
  t.deepEqual((await caught("retract")).ids, [ids[1]]);
  const now = await client.call("ps_cache_get", { account: alice, service, node });
  t.deepEqual(
    now.items.map(({ id }) => id),
    [ids[0], ids[2], ids[3], "new"],
  );
});

test("nodes that are not there, not cached or not readable are told apart", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const alice = await addAccount(client, server, "alice");
  const missing = { account: bob, service, node: "no-such-node" };
  t.like(await failure(client.call("ps_items_get", missing)), {
    code: -32000,
    type: "not_found",
    condition: "item-not-found",
  });
  t.like(await failure(client.call("ps_cache_get", missing)), { code: -32000, type: "not_found" });
  t.like(await failure(client.call("ps_cache_sync", missing)), { code: -32000, type: "not_found" });
  t.deepEqual(
    (await client.call("ps_cache_nodes", { nodes: ["no-such-node"] })).nodes,
    [],
    "and leaves nothing behind",
  );
  await client.call("ps_node_create", {
    account: bob,
    service,
    node: "private",
    config: { "pubsub#access_model": "whitelist" },
  });
  t.like(await failure(client.call("ps_items_get", { account: alice, service, node: "private" })), {
    type: "forbidden",
  });
  t.like(await failure(client.call("ps_node_create", { account: bob, service, node: "private" })), {
    type: "conflict",
  });
  await client.call("account_disconnect", { account: bob });
  t.like(await failure(client.call("ps_items_get", { account: bob, service, node: "not-cached" })), {
    type: "not_connected",
  });
});

test("an event that somebody else sends for a cached node changes nothing", async (t) => {
  await server.addUser("mallory", "mallory");
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const alice = await addAccount(client, server, "alice");
  const node = "forged";
  await filledNode(client, bob, node, 2);
  await client.call("ps_cache_sync", { account: alice, service, node });
  const { Session, parseTrustedXml } = await import("@larder/core");
  await using mallory = new Session({
    jid: `mallory@${server.domain}`,
    password: async () => "mallory",
    service: server.service,
    ca: server.ca,
  });
  await mallory.connect();
  await mallory.sendTracked(
    parseTrustedXml(
      `<message xmlns="jabber:client" to="${alice}"><body>see</body><event xmlns="http://jabber.org/protocol/pubsub#event"><purge node="${node}"/></event></message>`,
    ),
  );
  await mallory.sendTracked(
    parseTrustedXml(
      `<message xmlns="jabber:client" to="${alice}"><event xmlns="http://jabber.org/protocol/pubsub#event"><purge node="${node}"/></event></message>`,
    ),
  );
  await mallory.sendTracked(
    parseTrustedXml(`<message xmlns="jabber:client" type="chat" to="${alice}"><body>after</body></message>`),
  );
  await client.call("signals_subscribe", {
    signals: ["message_new"],
    since: (await client.call("stats_get")).eventLog.oldest,
  });
  await client.signal(
    ({ signal, params }) => signal === "message_new" && params.message.bodies[0]?.text === "after",
  );
  t.is((await client.call("ps_cache_get", { account: alice, service, node })).items.length, 2);
  t.is((await client.call("stats_get")).network.unfollowed, 1);
});

test("an account's own PEP node needs no service, and the same request id publishes once", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  await addAccount(client, server, "bob");
  const node = "urn:xmpp:microblog:0";
  const payload = `<entry xmlns="http://www.w3.org/2005/Atom"><title>Hello</title><id>x</id><updated>2026-01-01T00:00:00Z</updated></entry>`;
  const one = await client.call("ps_item_publish", { node, payload, requestId: "r1" });
  const two = await client.call("ps_item_publish", { node, payload, requestId: "r1" });
  t.is(one.id, two.id);
  const { items } = await client.call("ps_items_get", { node });
  t.deepEqual(
    items.map(({ id }) => id),
    [one.id],
  );
});

test("a node larger than a stanza may be is read in parts, from a service that does not page", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(join(home, "larder.toml"), "[limits]\nstanzaBytes = 60000\n");
  const daemon = await startDaemon(t, { home });
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const ids = await filledNode(client, bob, "large", 60); // about 200 KB
  const { items } = await client.call("ps_items_get", { account: bob, service, node: "large" });
  t.deepEqual(
    items.map(({ id }) => id),
    ids,
  );
  t.like(await client.call("ps_cache_sync", { account: bob, service, node: "large" }), {
    node: { items: 60, state: "synced" },
  });
  t.deepEqual(
    (await client.call("ps_cache_get", { account: bob, service, node: "large" })).items.map(({ id }) => id),
    ids,
  );
  t.true((await client.call("stats_get")).network.dropped > 0);
});

test("an order that the service does not know is refused, and given by the cache", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const ids = await filledNode(client, bob, "ordered", 3);
  const request = { account: bob, service, node: "ordered", orderBy: "creation" as const };
  const error = await failure(client.call("ps_items_get", request));
  t.is(error.type, "unsupported");
  t.regex(error.message, /XEP-0413/);
  await client.call("ps_cache_sync", { account: bob, service, node: "ordered" });
  t.deepEqual(
    (await client.call("ps_items_get", request)).items.map(({ id }) => id),
    ids,
  );
});

test("an item with an empty id is published, read from either source, corrected and retracted as any other", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  const alice = await addAccount(client, server, "alice");
  await client.call("signals_subscribe", { signals: ["ps_event"], accounts: [alice] });
  const node = "empty-id";
  await filledNode(client, bob, node, 2);
  const publish = (title: string) =>
    client.call("ps_item_publish", {
      account: bob,
      service,
      node,
      id: "",
      payload: `<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title></entry>`,
    });
  t.is((await publish("first")).id, "");
  const read = async (useCache: boolean) => {
    const { items, source } = await client.call("ps_items_get", {
      account: alice,
      service,
      node,
      itemIds: [""],
      useCache,
    });
    return [source, ...items.map(({ id, xml }) => [id, />([^<]+)</.exec(xml)?.[1]])];
  };
  t.deepEqual(await read(false), ["service", ["", "first"]]);
  await client.call("ps_cache_sync", { account: alice, service, node });
  t.deepEqual(await read(true), ["cache", ["", "first"]]);
  const told = (kind: string) =>
    client.signal(
      ({ signal, params }) =>
        signal === "ps_event" && params.node === node && params.event === kind && params,
    );
  const corrected = told("items");
  await publish("second");
  t.like((await corrected).items?.[0], { id: "" });
  t.deepEqual(await read(true), ["cache", ["", "second"]]);
  const retracted = told("retract");
  await client.call("ps_item_retract", { account: bob, service, node, id: "" });
  t.deepEqual((await retracted).ids, [""]);
  t.deepEqual(await read(true), ["cache"]);
  t.deepEqual(await read(false), ["service"]);
});
