import { createHash } from "node:crypto";
import { fitsKey, type KeyTooLongError } from "@larder/storage";
import test, { type ExecutionContext } from "ava";
import sql from "sql-template-tag";
import { type EngineName, item, message, onEachEngine, reactionChange, temporaryStore } from "./support.js";

/** A text of so many bytes that a database cannot compress. */
function longest(seed: string, bytes = 800): string {
  let text = seed;
  while (text.length < bytes) text += createHash("sha512").update(text).digest("base64");
  return text.slice(0, bytes);
}

async function filled(t: ExecutionContext, engine: EngineName) {
  const store = await temporaryStore(t, engine);
  const { id: accountId } = await store.accounts.add({
    jid: longest("account"),
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const node = await store.nodes.ensure({ accountId, service: longest("service"), node: longest("node") });
  return { store, accountId, node };
}

test("a key ends at 800 bytes of UTF-8", (t) => {
  t.true(fitsKey("x".repeat(800)));
  t.false(fitsKey("x".repeat(801)));
  t.true(fitsKey("é".repeat(400)));
  t.false(fitsKey("é".repeat(401)));
});

onEachEngine("keys of the greatest length are kept, however many stand side by side", async (t, engine) => {
  const { store, accountId, node } = await filled(t, engine);
  const [conversation, sender, target] = [longest("conversation"), longest("sender"), longest("target")];
  const ids = {
    wireId: longest("w"),
    originId: longest("o"),
    stanzaId: longest("s"),
    stanzaIdBy: longest("b"),
  };
  const given = {
    conversation,
    sender,
    ...ids,
    thread: longest("t"),
    bodies: [{ lang: longest("l"), text: "hi" }],
  };
  const { uid } = await store.messages.insert(message(accountId, "", given));
  t.like(await store.messages.get(uid), given);
  await store.reactions.put([reactionChange(accountId, { conversation, target, sender })]);
  t.is((await store.reactions.changes(accountId, { holders: [{ conversation, target, sender }] })).length, 1);
  await store.items.storeLive(node.id, 0, [item(longest("item"))]);
  t.is((await store.items.byIds(node.id, [longest("item")])).length, 1);
  const subscription = { accountId, service: node.service, node: node.node, subid: longest("subid") };
  await store.subscriptions.put({ ...subscription, state: "subscribed" });
  await store.sendRequests.remember(accountId, longest("request"), "uid");
  await store.roster.replace(accountId, [{ jid: longest("contact"), subscription: "both", groups: [] }], "1");
  t.is((await store.roster.list(accountId)).length, 1);
});

onEachEngine("a longer key is refused by name, and nothing is kept", async (t, engine) => {
  const { store, accountId, node } = await filled(t, engine);
  const long = longest("", 801);
  const refused = async (key: string, what: Promise<unknown>) => {
    const error = await t.throwsAsync<KeyTooLongError>(what);
    t.like(error, { name: "KeyTooLongError", type: "not_acceptable", retryable: false, key });
    t.is(error?.message, `${key}: has more than 800 bytes`);
  };
  for (const key of ["conversation", "sender", "wireId", "originId", "stanzaId", "stanzaIdBy", "thread"])
    await refused(key, store.messages.insert(message(accountId, "hi", { [key]: long })));
  await refused(
    "lang",
    store.messages.insert(message(accountId, "", { bodies: [{ lang: long, text: "hi" }] })),
  );
  t.is(await store.messages.count(), 0);
  const { id } = await store.messages.insert(message(accountId, "hi"));
  await refused("stanzaId", store.messages.setStanzaId(id, "room", long));
  for (const key of ["conversation", "target", "sender", "stanzaId", "wireId"])
    await refused(key, store.reactions.put([reactionChange(accountId, { [key]: long })]));
  await refused("node", store.nodes.ensure({ accountId, service: "s", node: long }));
  await refused("service", store.nodes.ensure({ accountId, service: long, node: "n" }));
  await refused("itemId", store.items.storeLive(node.id, 0, [item("short"), item(long)]));
  await refused("itemId", store.items.storePage(node.id, 0, 0, ["short", long], [item("short"), item(long)]));
  t.is(await store.items.count(), 0);
  const subscription = { accountId, service: "s", node: "n", state: "subscribed" };
  for (const key of ["service", "node", "subid"])
    await refused(key, store.subscriptions.put({ ...subscription, [key]: long }));
  await refused("requestId", store.sendRequests.remember(accountId, long, "uid"));
  const contact = { jid: long, subscription: "both", groups: [] };
  await refused("jid", store.roster.replace(accountId, [contact], "1"));
  await refused("jid", store.roster.apply(accountId, contact, "1"));
  t.deepEqual(await store.roster.list(accountId), []);
});

test("what no repository has checked is the same error on PostgreSQL, naming the index where it can", async (t) => {
  const { database } = await temporaryStore(t, "postgres");
  for (const [bytes, key] of [
    [5000, "setting_pkey"],
    [20_000, "a key"],
  ] as const) {
    const long = longest("", bytes);
    const expected = { name: "KeyTooLongError", type: "not_acceptable", key };
    const insert = sql`INSERT INTO setting (key, value) VALUES (${long}, '')`;
    t.like(await t.throwsAsync(database.write(({ executor }) => executor.run(insert))), expected);
    const create = database.write(({ transaction }) =>
      database.models.Setting.create({ key: long, value: "" }, { transaction }),
    );
    t.like(await t.throwsAsync(create), expected);
  }
});
