import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type EnvelopeOptions, openArchived, openEnvelope, parseTrustedXml } from "@larder/core";
import { MessageIntake } from "@larder/messages";
import { type Analyser, type ItemParser, PubsubCache } from "@larder/pubsub-cache";
import { companionOf, Reactions } from "@larder/reactions";
import { createStore, Database, importDatabase } from "@larder/storage";
import { olderDatabase, startPostgres } from "@larder/testing";
import test from "ava";
import { temporaryHome } from "./support.js";

const postgres = await startPostgres();
test.after.always(() => postgres.stop());

const alice = "alice@larder.test";
const bob = "bob@larder.test";
const room = "room@rooms.larder.test";
const at = (second: number) => new Date(Date.UTC(2026, 10, 1, 12, 0, second));
const options: EnvelopeOptions = {
  account: alice,
  announcesStanzaIds: () => true,
  announcesOccupantIds: () => true,
  ownOccupant: (jid) => (jid === room ? { nick: "alice", occupantId: "occ-alice" } : undefined),
};
const chat = (body: string, id: string, extra = "", from = `${bob}/phone`, to = alice) =>
  `<message xmlns="jabber:client" from="${from}" to="${to}" type="chat" id="${id}"><body>${body}</body>${extra}</message>`;
const groupchat = (body: string, id: string, stanzaId: string) =>
  `<message xmlns="jabber:client" from="${room}/carol" to="${alice}/x" type="groupchat" id="${id}"><body>${body}</body><stanza-id xmlns="urn:xmpp:sid:0" by="${room}" id="${stanzaId}"/><occupant-id xmlns="urn:xmpp:occupant-id:0" id="occ-carol"/></message>`;
const analyser: Analyser = {
  name: "example",
  type: "example",
  namespace: "urn:example:entry",
  toSync: true,
  parser: "file:///parser.js",
};
const pool: ItemParser = {
  parse: async (_parser, batch) => batch.map(() => ({ ok: true, json: '{"title":"parsed"}' })),
};

for (const engine of ["sqlite", "postgres"] as const) {
  test(`${engine}: from a database of the version before, nothing is told and nothing comes back`, async (t) => {
    const home = await temporaryHome(t);
    const url = engine === "sqlite" ? `sqlite:${join(home, "larder.db")}` : await postgres.createDatabase();
    await importDatabase(url, createReadStream(olderDatabase));
    const { database } = await Database.open({ url });
    t.teardown(async () => {
      await database.close();
      await rm(home, { recursive: true, force: true });
    });
    const store = createStore(database);
    const record = await store.accounts.get(alice);
    if (!record) throw new Error("no account");
    const account = { id: record.id, jid: alice, online: () => true, sendTracked: async () => {} };
    const reactions = new Reactions(store.reactionLedger);
    const intake = new MessageIntake(store, {
      also: companionOf(reactions, () => account),
      digestKey: new Uint8Array(32),
    });
    const texts = async () =>
      (await store.messages.history({ accountId: record.id, limit: 100 })).messages.map(
        ({ bodies, retracted }) => (retracted ? "(gone)" : bodies[0]?.text),
      );
    const before = await texts();
    t.deepEqual(before, [
      "plain words",
      "the corrected words",
      "(gone)",
      "a changed note",
      "mine to bob",
      "corrected in the room",
      "(gone)",
    ]);
    const { cursor } = await store.events.since(await store.events.oldest(), { limit: 1000 });
    t.is(await store.waiting.count(), 1);

    // The archive again, with a second copy of each message that was changed, under the ids that it gave the copies.
    const copies: [id: string, second: number, message: string][] = [
      ["a1", 1, chat("plain words", "m1")],
      ["a2", 2, chat("teh first words", "m2")],
      ["b2", 2, chat("teh first words", "m2")],
      ["a3", 3, chat("the corrected words", "m3", '<replace xmlns="urn:xmpp:message-correct:0" id="m2"/>')],
      ["a4", 4, chat("words to take back", "m4")],
      ["b4", 4, chat("words to take back", "m4")],
      ["a7", 7, chat("a note to myself", "n1", "", `${alice}/x`, alice)],
      ["b7", 7, chat("a note to myself", "n1", "", `${alice}/x`, alice)],
      ["a9", 9, chat("mine to bob", "o1", '<origin-id xmlns="urn:xmpp:sid:0" id="o1"/>', `${alice}/x`, bob)],
    ];
    const envelopes = copies.flatMap(
      ([id, second, message]) =>
        openArchived(alice, { id, stamp: at(second), message: parseTrustedXml(message) }, options) ?? [],
    );
    await intake.takeAll(account, envelopes, { origin: "catchup" });
    for (const stanza of [
      groupchat("said in the room", "g1", "r1"),
      groupchat("taken back in the room", "g3", "r3"),
    ]) {
      const envelope = openEnvelope(parseTrustedXml(stanza), options);
      if (envelope) await intake.take(account, envelope);
    }
    t.deepEqual(await texts(), before);
    for (const word of ["teh", "take", "myself"]) {
      const { messages } = await store.messages.history({ accountId: record.id, limit: 10, search: word });
      t.deepEqual(messages, [], word);
    }

    // The service's items again, as a server writes them that keeps no order of attributes.
    const requester = { account: alice, request: () => Promise.reject(new Error("offline")) };
    const reader = { id: record.id, jid: alice, requester, online: () => true };
    const cache = new PubsubCache({ store, pool, analysers: [analyser], onBackgroundError: () => {} });
    t.teardown(() => cache.idle());
    const item = (n: number) =>
      `<item publisher="${bob}" id="e${n}"><entry xmlns="urn:example:entry"><link hreflang="" title="T" type="text/html" href="https://x.example/${n}" rel="alternate"/>text of ${n}</entry></item>`.replace(
        ' hreflang=""',
        "",
      );
    for (let n = 0; n < 3; n++)
      t.true(
        await cache.handleMessage(
          reader,
          parseTrustedXml(
            `<message xmlns="jabber:client" from="pubsub.larder.test"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="feed">${item(n)}</items></event></message>`,
          ),
        ),
      );
    const told = await store.events.since(cursor, { limit: 100 });
    t.deepEqual(
      told.events.map(({ signal, data }) => [signal, data]),
      [],
    );

    // And what is new is told as ever.
    const fresh = openEnvelope(parseTrustedXml(chat("something new", "m9")), options);
    if (fresh) await intake.take(account, fresh);
    t.is((await store.events.since(cursor, { limit: 100 })).events.length, 1);
  });
}
