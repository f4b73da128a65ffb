import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Envelope, openEnvelope, parseTrustedXml, type XmlElement } from "@larder/core";
import { type ReactingAccount, Reactions, summariseReactions } from "@larder/reactions";
import { createStore, Database, type MessageRecord, type Store } from "@larder/storage";
import test, { type ExecutionContext } from "ava";

const alice = "alice@larder.test";
const bob = "bob@larder.test";

interface Setting {
  readonly store: Store;
  readonly account: ReactingAccount;
  readonly sent: XmlElement[];
  readonly reactions: Reactions;
  message(wireId: string): Promise<MessageRecord>;
  shown(target: string): Promise<string[]>;
  updates(): Promise<number>;
}

async function setUp(t: ExecutionContext): Promise<Setting> {
  const directory = await mkdtemp(join(tmpdir(), "larder-reactions-"));
  const { database } = await Database.open({ url: `sqlite:${join(directory, "larder.db")}` });
  t.teardown(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });
  const store = createStore(database);
  const { id } = await store.accounts.add({
    jid: alice,
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
  const sent: XmlElement[] = [];
  const send = async (stanza: XmlElement) => {
    sent.push(stanza);
  };
  return {
    store,
    account: { id, jid: alice, online: () => true, send },
    sent,
    reactions: new Reactions(store),
    message: (wireId) =>
      store.messages.insert({
        accountId: id,
        conversation: bob,
        direction: "in",
        type: "chat",
        from: `${bob}/phone`,
        to: alice,
        sender: bob,
        wireId,
        timestamp: new Date(),
        receivedAt: new Date(),
        delayed: false,
        extra: {},
        bodies: [{ lang: "", text: "hi" }],
        subjects: [],
      }),
    shown: async (target) =>
      summariseReactions(await store.reactions.forTargets(id, bob, [target]), alice).map(
        ({ emoji, count, mine }) => `${emoji}${count}${mine ? " mine" : ""}`,
      ),
    updates: async () =>
      (await store.events.since(await store.events.oldest(), { limit: 100 })).events.length,
  };
}

function envelope(xml: string): Envelope {
  const opened = openEnvelope(parseTrustedXml(xml), { account: alice, announcesStanzaIds: () => false });
  if (!opened) throw new Error("no envelope");
  return opened;
}

const reacted = (emojis: readonly string[], rest = "", from = bob) =>
  envelope(
    `<message xmlns="jabber:client" type="chat" from="${from}/phone" to="${alice}"><reactions xmlns="urn:xmpp:reactions:0" id="m1">` +
      `${emojis.map((emoji) => `<reaction>${emoji}</reaction>`).join("")}</reactions>${rest}</message>`,
  );
const delayed = (stamp: string) => `<delay xmlns="urn:xmpp:delay" from="larder.test" stamp="${stamp}"/>`;

test("a stanza carries the complete set: it replaces the older one, and an empty one takes all away (§3.2)", async (t) => {
  const { account, reactions, message, shown } = await setUp(t);
  await message("m1");
  await reactions.take(account, reacted(["👍", "❤"]));
  t.deepEqual(await shown("m1"), ["👍1", "❤️1"]);
  await reactions.take(account, reacted(["❤️", "🎉"]));
  t.deepEqual(await shown("m1"), ["❤️1", "🎉1"]);
  await reactions.take(account, reacted([]));
  t.deepEqual(await shown("m1"), []);
  await reactions.take(account, reacted(["❤️"], delayed("2001-01-01T00:00:00Z")));
  t.deepEqual(await shown("m1"), [], "an empty set is not forgotten: an older one cannot return (§4.1)");
  await reactions.take(account, reacted(["❤️"]));
  t.deepEqual(await shown("m1"), ["❤️1"], "a new one can");
});

test("reactions to a message that is not there wait for it, and are shown with it", async (t) => {
  const { account, reactions, message, shown, updates } = await setUp(t);
  await reactions.take(account, reacted(["🎉"]));
  t.is(await updates(), 0, "there is no message to tell of");
  await message("m1");
  t.deepEqual(await shown("m1"), ["🎉1"]);
});

test("an update is told exactly when the set changed", async (t) => {
  const { account, reactions, message, updates } = await setUp(t);
  await message("m1");
  await reactions.take(account, reacted(["👍"]));
  await reactions.take(account, reacted(["👍"]));
  await reactions.take(account, reacted([" 👍 ", "text", "👍"]));
  t.is(await updates(), 1);
});

test("more than one reactions element counts for nothing (§4)", async (t) => {
  const { account, reactions, message, shown } = await setUp(t);
  await message("m1");
  const second = `<reactions xmlns="urn:xmpp:reactions:0" id="m1"><reaction>🎉</reaction></reactions>`;
  t.false(await reactions.take(account, reacted(["👍"], second)));
  t.deepEqual(await shown("m1"), []);
});

test("two people with the same emoji, spelt differently, count together", async (t) => {
  const { account, reactions, message, shown, sent } = await setUp(t);
  const target = await message("m1");
  await reactions.take(account, reacted(["❤"]));
  await reactions.set(account, target, ["❤️"], "add");
  t.deepEqual(await shown("m1"), ["❤️2 mine"]);
  t.is(
    sent[0]?.toString(),
    `<message xmlns="jabber:client" to="${bob}" type="chat" id="${sent[0]?.attrs.id}"><reactions xmlns="urn:xmpp:reactions:0" id="m1">` +
      `<reaction>❤️</reaction></reactions><store xmlns="urn:xmpp:hints"/></message>`,
  );
});

test("a refusal restores the set before it, and only the other party can refuse (§3.3)", async (t) => {
  const { account, reactions, message, shown, sent, store } = await setUp(t);
  const target = await message("m1");
  await reactions.set(account, target, ["👍"], "replace");
  await reactions.set(account, target, ["🎉", "❤️"], "replace");
  const refusal = (from: string) =>
    envelope(
      `<message xmlns="jabber:client" type="error" from="${from}" to="${alice}" id="${sent[1]?.attrs.id}">` +
        `<error type="modify"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
    );
  t.false(await reactions.take(account, refusal("mallory@larder.test")));
  t.deepEqual(await shown("m1"), ["🎉1 mine", "❤️1 mine"]);
  t.true(await reactions.take(account, refusal(bob)));
  t.deepEqual(await shown("m1"), ["👍1 mine"]);
  const { events } = await store.events.since(await store.events.oldest(), { limit: 100 });
  t.like(events.at(-1)?.data, {
    update: "reactions",
    error: { condition: "not-acceptable", type: "not_acceptable" },
  });
});

test("a change made by another device of ours counts as ours", async (t) => {
  const { account, reactions, message, shown } = await setUp(t);
  await message("m1");
  const carbon = envelope(
    `<message xmlns="jabber:client" from="${alice}" to="${alice}/x"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">` +
      `<message xmlns="jabber:client" type="chat" from="${alice}/other" to="${bob}"><reactions xmlns="urn:xmpp:reactions:0" id="m1">` +
      `<reaction>🎉</reaction></reactions></message></forwarded></sent></message>`,
  );
  t.true(await reactions.take(account, carbon));
  t.deepEqual(await shown("m1"), ["🎉1 mine"]);
});
