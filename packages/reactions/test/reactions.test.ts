import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  NotAcceptableError,
  NotConnectedError,
  openEnvelope,
  parseTrustedXml,
  UnsupportedError,
  type XmlElement,
} from "@larder/core";
import { type ReactingAccount, Reactions, summariseReactions } from "@larder/reactions";
import { createStore, Database, type MessageRecord } from "@larder/storage";
import test, { type ExecutionContext } from "ava";

const alice = "alice@larder.test";
const bob = "bob@larder.test";

async function world(t: ExecutionContext) {
  const directory = await mkdtemp(join(tmpdir(), "larder-reactions-"));
  const { database } = await Database.open({ url: `sqlite:${join(directory, "larder.db")}` });
  t.teardown(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });
  const store = createStore(database);
  const { id } = await store.accounts.add({
    jid: alice,
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const sent: XmlElement[] = [];
  const account: { -readonly [K in keyof ReactingAccount]: ReactingAccount[K] } & { connected: boolean } = {
    id,
    jid: alice,
    connected: true,
    online: (): boolean => account.connected,
    send: async (stanza: XmlElement) => {
      sent.push(stanza);
    },
  };
  const reactions = new Reactions(store);
  const take = async (stanza: string) => {
    const envelope = openEnvelope(parseTrustedXml(stanza), {
      account: alice,
      announcesStanzaIds: () => false,
    });
    return envelope ? reactions.take(account, envelope) : false;
  };
  return {
    store,
    reactions,
    account,
    sent,
    take,
    /** A stored message of Bob's with this id. */
    message: (wireId: string | undefined, type = "chat"): Promise<MessageRecord> =>
      store.messages.insert({
        accountId: id,
        conversation: bob,
        direction: "in",
        type,
        from: `${bob}/a`,
        to: alice,
        sender: bob,
        wireId,
        timestamp: new Date(),
        receivedAt: new Date(),
        delayed: false,
        extra: {},
        bodies: [],
        subjects: [],
      }),
    emojis: async (target: string, sender = alice) =>
      (await store.reactions.get({ accountId: id, conversation: bob, target, sender }))?.emojis,
    refuse: (stanza: XmlElement | undefined, from = bob) =>
      take(
        `<message xmlns="jabber:client" type="error" from="${from}" to="${alice}" id="${stanza?.attrs.id}"><error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
      ),
    async told() {
      const { events } = await store.events.since(await store.events.oldest(), { limit: 1000 });
      return events.map(({ data }) => ({ uid: data.uid, update: data.update, error: data.error }));
    },
  };
}

const stanza = (
  emojis: string,
  options: { delay?: string; from?: string; target?: string; twice?: boolean } = {},
) => {
  const set = `<reactions xmlns="urn:xmpp:reactions:0" id="${options.target ?? "m"}">${[...emojis].map((each) => `<reaction>${each}</reaction>`).join("")}</reactions>`;
  const delay = options.delay
    ? `<delay xmlns="urn:xmpp:delay" from="larder.test" stamp="${options.delay}"/>`
    : "";
  return `<message xmlns="jabber:client" type="chat" from="${options.from ?? `${bob}/a`}" to="${alice}">${set}${options.twice ? set : ""}${delay}</message>`;
};

test("a sender's set replaces the one before, and an empty one stays as a tombstone", async (t) => {
  const w = await world(t);
  const { uid } = await w.message("m");
  await w.take(stanza("👍🎉"));
  await w.take(stanza("😂"));
  t.deepEqual(await w.emojis("m", bob), ["😂"]);
  await w.take(stanza(""));
  t.deepEqual(await w.emojis("m", bob), []);
  t.deepEqual(await w.store.reactions.forTargets(w.account.id, bob, ["m"]), []);
  t.deepEqual(
    await w.told(),
    Array.from({ length: 3 }, () => ({ uid, update: "reactions", error: undefined })),
  );
});

test("a delayed older set does not come back, also not over a tombstone", async (t) => {
  const w = await world(t);
  await w.take(stanza(""));
  await w.take(stanza("👍", { delay: "2020-01-01T00:00:00Z" }));
  t.deepEqual(await w.emojis("m", bob), []);
});

test("of delayed ones the newer counts, in whatever order they come", async (t) => {
  const w = await world(t);
  await w.take(stanza("🎉", { delay: "2020-01-02T00:00:00Z" }));
  await w.take(stanza("👍", { delay: "2020-01-01T00:00:00Z" }));
  t.deepEqual(await w.emojis("m", bob), ["🎉"]);
  await w.take(stanza("😂", { delay: "2020-01-03T00:00:00Z" }));
  t.deepEqual(await w.emojis("m", bob), ["😂"]);
});

test("reactions to a message that is not stored wait for it", async (t) => {
  const w = await world(t);
  t.true(await w.take(stanza("👍")));
  t.deepEqual(await w.told(), []);
  await w.message("m");
  const [record] = await w.store.reactions.forTargets(w.account.id, bob, ["m"]);
  t.deepEqual(record?.emojis, ["👍"]);
});

test("the same set again is not told again", async (t) => {
  const w = await world(t);
  await w.message("m");
  await w.take(stanza("👍🎉"));
  await w.take(stanza("🎉👍"));
  t.is((await w.told()).length, 1);
});

test("nobody can react for somebody else, or in a conversation that is not theirs", async (t) => {
  const w = await world(t);
  await w.message("m");
  await w.take(stanza("👍"));
  await w.take(stanza("😂", { from: "mallory@evil.test/x" }));
  t.deepEqual(await w.emojis("m", bob), ["👍"]);
  t.is((await w.told()).length, 1);
  t.is((await w.store.reactions.forTargets(w.account.id, bob, ["m"])).length, 1);
});

test("two sets in one stanza are no reactions (XEP-0444 §4)", async (t) => {
  const w = await world(t);
  t.false(await w.take(stanza("👍", { twice: true })));
  t.is(await w.emojis("m", bob), undefined);
});

test("our set is kept, told and sent in full, qualified", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  await w.reactions.set(w.account, message, ["\u2764"], "replace");
  await w.reactions.set(w.account, message, ["👍"], "add");
  t.deepEqual(await w.emojis("m"), ["\u2764\ufe0f", "👍"]);
  t.deepEqual(
    w.sent.map((each) =>
      each
        .getChild("reactions")
        ?.getChildren("reaction")
        .map((reaction) => reaction.text()),
    ),
    [["\u2764\ufe0f"], ["\u2764\ufe0f", "👍"]],
  );
  t.is(w.sent[0]?.attrs.to, bob);
  t.is((await w.told()).length, 2);
});

test("what changes nothing is not sent", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  await w.reactions.set(w.account, message, ["👍"], "remove");
  await w.reactions.set(w.account, message, [], "replace");
  t.deepEqual(w.sent, []);
  t.deepEqual(await w.told(), []);
});

test("what is no emoji, offline, in a room or without an id is refused, and nothing changes", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  t.throws(() => w.reactions.set(w.account, message, ["👍", "no"], "add"), {
    instanceOf: NotAcceptableError,
  });
  const set = async (target: MessageRecord) => w.reactions.set(w.account, target, ["👍"], "add");
  await t.throwsAsync(set(await w.message("r", "groupchat")), { instanceOf: UnsupportedError });
  await t.throwsAsync(set(await w.message(undefined)), { instanceOf: UnsupportedError });
  w.account.connected = false;
  await t.throwsAsync(set(message), { instanceOf: NotConnectedError });
  t.is(await w.emojis("m"), undefined);
});

test("a set that could not be sent is taken back", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  await w.reactions.set(w.account, message, ["👍"], "add");
  w.account.send = () => Promise.reject(new NotConnectedError(alice));
  await t.throwsAsync(w.reactions.set(w.account, message, ["🎉"], "add"), { instanceOf: NotConnectedError });
  t.deepEqual(await w.emojis("m"), ["👍"]);
});

test("changes made at once are made one after the other, none is lost", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  await Promise.all(["👍", "🎉", "😂"].map((emoji) => w.reactions.set(w.account, message, [emoji], "add")));
  t.deepEqual(await w.emojis("m"), ["👍", "🎉", "😂"]);
});

test("a refusal restores the set before, and tells why", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  await w.reactions.set(w.account, message, ["👍"], "add");
  await w.reactions.set(w.account, message, ["🎉"], "add");
  t.true(await w.refuse(w.sent[1]));
  t.deepEqual(await w.emojis("m"), ["👍"]);
  t.like((await w.told()).at(-1), {
    uid: message.uid,
    update: "reactions",
    error: { condition: "not-acceptable" },
  });
});

test("of two quick changes, both refused, neither stands, in whatever order the refusals come", async (t) => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const w = await world(t);
    const message = await w.message("m");
    await w.reactions.set(w.account, message, ["👍"], "add");
    await w.reactions.set(w.account, message, ["🎉"], "add");
    for (const index of order) t.true(await w.refuse(w.sent[index]));
    t.deepEqual(await w.emojis("m"), []);
  }
});

test("where only the first of two changes is refused, the second stands", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  await w.reactions.set(w.account, message, ["👍"], "replace");
  await w.reactions.set(w.account, message, ["🎉"], "replace");
  await w.refuse(w.sent[0]);
  t.deepEqual(await w.emojis("m"), ["🎉"]);
});

test("a refusal by anybody else, or of a set that another client of ours has replaced, changes nothing", async (t) => {
  const w = await world(t);
  const message = await w.message("m");
  await w.reactions.set(w.account, message, ["👍"], "add");
  t.false(await w.refuse(w.sent[0], "mallory@evil.test"));
  const inner = `<message xmlns="jabber:client" from="${alice}/web" to="${bob}" type="chat"><reactions xmlns="urn:xmpp:reactions:0" id="m"><reaction>🎉</reaction></reactions></message>`;
  await w.take(
    `<message xmlns="jabber:client" from="${alice}" to="${alice}/home"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></sent></message>`,
  );
  t.false(await w.refuse(w.sent[0]));
  t.deepEqual(await w.emojis("m"), ["🎉"]);
});

test("a change made by another client of ours counts as ours, also where its stanza has no id", async (t) => {
  const w = await world(t);
  await w.message("m1");
  await w.take(
    `<message xmlns="jabber:client" from="${alice}" to="${alice}/x"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">` +
      `<message xmlns="jabber:client" type="chat" from="${alice}/other" to="${bob}"><reactions xmlns="urn:xmpp:reactions:0" id="m1">` +
      `<reaction>🎉</reaction></reactions></message></forwarded></sent></message>`,
  );
  t.deepEqual(await w.emojis("m1"), ["🎉"]);
});

test("two people with the same emoji, spelt differently, count together", async (t) => {
  const w = await world(t);
  const target = await w.message("m1");
  await w.reactions.set(w.account, target, ["\u2764"], "add");
  await w.take(
    `<message xmlns="jabber:client" type="chat" from="${bob}/a" to="${alice}"><reactions xmlns="urn:xmpp:reactions:0" id="m1">` +
      `<reaction>\u2764</reaction></reactions></message>`,
  );
  const records = await w.store.reactions.forTargets(w.account.id, bob, ["m1"]);
  t.like(summariseReactions(records, alice), [{ emoji: "❤️", count: 2, mine: true }]);
});

test("reactions to what has too long an id are taken, and nothing is kept", async (t) => {
  const w = await world(t);
  const target = "x".repeat(801);
  t.true(await w.take(stanza("👍", { target })));
  t.is(await w.emojis(target, bob), undefined);
});
