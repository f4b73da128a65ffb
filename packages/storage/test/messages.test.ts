import test from "ava";
import sql from "sql-template-tag";
import sqlite3 from "sqlite3";
import { closeConnection, openConnection } from "../dist/sqlite/connections.js";
import { queryAll } from "../dist/sqlite/statements.js";
import { accountIn, message, onEachEngine, temporaryStore } from "./support.js";

const plain = (text: string) => ({ bodies: [{ lang: "", text }], subjects: [] });
const texts = (found: readonly { bodies: readonly { text: string }[] }[]) =>
  found.map(({ bodies }) => bodies[0]?.text);

onEachEngine(
  "a correction is found by its own words alone, and the message keeps uid and place",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const said = await store.messages.insert(
      message(accountId, "Grüße aus Prga", { raw: "<message>1</message>" }),
    );
    await store.messages.insert(message(accountId, "later"));
    t.true(
      await store.messages.correct(said.id, {
        ...plain("Grüße aus Prag"),
        timestamp: new Date(2000),
        raw: "<message>2</message>",
      }),
    );
    t.true(await store.messages.correct(said.id, { ...plain("Grüße aus Praha"), timestamp: new Date(3000) }));
    t.deepEqual(texts((await store.messages.history({ search: "prga OR prag", limit: 9 })).messages), []);
    const [found] = (await store.messages.history({ search: "praha", limit: 9 })).messages;
    t.is(found?.uid, said.uid);
    t.deepEqual(found?.edited, new Date(3000));
    t.deepEqual(found?.timestamp, said.timestamp);
    t.deepEqual(texts((await store.messages.history({ limit: 9 })).messages), ["Grüße aus Praha", "later"]);
    t.deepEqual(await store.messages.versions(said.id), [
      {
        ...plain("Grüße aus Prga"),
        timestamp: said.timestamp,
        replacedAt: new Date(2000),
        raw: "<message>1</message>",
      },
      {
        ...plain("Grüße aus Prag"),
        timestamp: new Date(2000),
        replacedAt: new Date(3000),
        raw: "<message>2</message>",
      },
    ]);
  },
);

onEachEngine(
  "a retracted message has no texts, versions or stanza, and no correction brings it back",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const said = await store.messages.insert(
      message(await accountIn(store), "secret plan", { raw: "<message>secret plan</message>" }),
    );
    await store.messages.correct(said.id, { ...plain("secret plan B"), timestamp: new Date(2000) });
    await store.messages.retract(said.id, new Date(3000));
    t.false(await store.messages.correct(said.id, { ...plain("secret plan C"), timestamp: new Date(4000) }));
    t.deepEqual((await store.messages.history({ search: "secret", limit: 9 })).messages, []);
    t.deepEqual(await store.messages.versions(said.id), []);
    const row = await store.messages.get(said.uid);
    t.like(row, { uid: said.uid, bodies: [], raw: undefined, retracted: new Date(3000) });
  },
);

onEachEngine(
  "what a unit corrected or retracted is found as before when the unit fails",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const said = await store.messages.insert(message(await accountIn(store), "first words"));
    await t.throwsAsync(
      store.database.write(async () => {
        await store.messages.correct(said.id, { ...plain("other words"), timestamp: new Date() });
        await store.messages.retract(said.id, new Date());
        throw new Error("no");
      }),
    );
    t.deepEqual(texts((await store.messages.history({ search: "first", limit: 9 })).messages), [
      "first words",
    ]);
    t.deepEqual(texts((await store.messages.history({ search: "other", limit: 9 })).messages), []);
  },
);

onEachEngine("texts come back in the order and languages in which they were kept", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const bodies = [
    { lang: "zh", text: "你好" },
    { lang: "", text: "hello" },
    { lang: "de", text: "hallo" },
  ];
  const { uid } = await store.messages.insert(
    message(await accountIn(store), "", {
      bodies: [...bodies, { lang: "de", text: "twice" }],
      subjects: [{ lang: "de", text: "Gruß" }],
    }),
  );
  const kept = await store.messages.get(uid);
  t.deepEqual(kept?.bodies, bodies);
  t.deepEqual(kept?.subjects, [{ lang: "de", text: "Gruß" }]);
});

onEachEngine(
  "of an archive's id that two rows claim, the first has it, whichever way the second comes by it",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const by = { stanzaIdBy: "room@rooms.larder.test" };
    const first = await store.messages.insert(message(accountId, "one", { ...by, stanzaId: "a1" }));
    const batch = await store.messages.insertAll([
      message(accountId, "two", { ...by, stanzaId: "a1" }),
      message(accountId, "three", { ...by, stanzaId: "a2" }),
      message(accountId, "four", { ...by, stanzaId: "a2" }),
    ]);
    t.deepEqual(
      batch.map(({ stanzaId }) => stanzaId),
      [undefined, "a2", undefined],
    );
    const [, third] = batch;
    t.false(await store.messages.replaceStanzaId(third?.id ?? 0, "a1"));
    const standIn = await store.messages.insert(message(accountId, "five", { standsFor: "w" }));
    await store.messages.completeWith(standIn.id, message(accountId, "six", { ...by, stanzaId: "a1" }));
    t.is((await store.messages.get(standIn.uid))?.stanzaId, undefined);
    const alias = {
      messageId: standIn.id,
      accountId,
      conversation: "bob@larder.test",
      givenBy: by.stanzaIdBy,
    };
    await store.aliases.add({ ...alias, kind: "stanza", value: "a1" });
    t.is((await store.messages.findByStanzaId(accountId, by.stanzaIdBy, "a1"))?.id, first.id);
  },
);

for (const [what, sender] of [
  ["its sender", "bob@larder.test"],
  ["others", "eve@larder.test"],
] as const)
  onEachEngine(`of an id that ${what} use again and again few are read`, async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const same = { wireId: "same", originId: "same" };
    const first = await store.messages.insert(message(accountId, "0", same));
    await store.messages.insertAll(
      Array.from({ length: 300 }, (_, at) => message(accountId, `${at + 1}`, { ...same, sender })),
    );
    const { conversation, direction, sender: author } = first;
    const sought = { conversation, direction, sender: author, ...same };
    const candidates = await store.messages.copyCandidates(accountId, [sought]);
    t.true(candidates.length <= 40, `${candidates.length}`);
    t.true(candidates.every(({ head }) => head.sender === author));
    const named = await store.messages.byWireNames(accountId, [{ conversation, id: "same" }]);
    t.true(named.length <= 200, `${named.length}`);
    t.is(named[0]?.id, first.id, "the earliest owns it");
  });

onEachEngine("an archive's id is given to one message only", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  const first = await store.messages.insert(message(accountId, "one"));
  const second = await store.messages.insert(message(accountId, "two"));
  await store.messages.setStanzaId(first.id, "alice@larder.test", "a1");
  await store.messages.setStanzaId(second.id, "alice@larder.test", "a1");
  t.is((await store.messages.findByStanzaId(accountId, "alice@larder.test", "a1"))?.id, first.id);
  t.is((await store.messages.get(second.uid))?.stanzaId, undefined);
});

onEachEngine(
  "more messages wait to be sent than a statement binds values, and all are given",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const pending = { direction: "out", state: "pending" } as const;
    const { uid } = await store.messages.insert(message(accountId, "one", pending));
    // One after the other, each doubles what there is.
    for (let doubled = 0; doubled < 16; doubled++)
      await store.database.write(({ executor }) =>
        executor.run(sql`
        INSERT INTO message (uid, account_id, conversation, direction, type, from_jid, to_jid, sender, timestamp, received_at, state, extra)
        SELECT uid || ${`-${doubled}`}, account_id, conversation, direction, type, from_jid, to_jid, sender, timestamp, received_at, state, extra
        FROM message`),
      );
    const given = await store.messages.pending(accountId, "bob@larder.test");
    t.is(given.length, 2 ** 16);
    t.like(given[0], { uid, bodies: [{ lang: "", text: "one" }] });
  },
);

test.serial(
  "sqlite: a message is looked up by any of its ids without reading its conversation",
  async (t) => {
    const store = await temporaryStore(t);
    const accountId = await accountIn(store);
    const lookups: string[] = [];
    const { prepare } = sqlite3.Database.prototype;
    sqlite3.Database.prototype.prepare = function (this: sqlite3.Database, text: string, ...rest: unknown[]) {
      if (/^(?:SELECT|WITH)\b/.test(text)) lookups.push(text);
      return prepare.call(this, text, ...rest);
    };
    await store.messages.findByWireId(accountId, "c", "id");
    await store.messages.findOutgoing(accountId, "id", { conversation: "c", address: "c/a" });
    await store.messages.findByOriginId(accountId, "c", "s", "id");
    await store.messages.findByStanzaId(accountId, "room", "id");
    const sought = { conversation: "c", sender: "s", wireId: "id", originId: "id" };
    await store.messages.copyCandidates(accountId, [
      { ...sought, direction: "in" },
      { ...sought, direction: "out" },
    ]);
    Object.assign(sqlite3.Database.prototype, { prepare });
    t.is(lookups.length, 5);
    const connection = await openConnection(store.database.location, "reader");
    for (const text of lookups) {
      const steps = await queryAll<{ detail: string }>(connection, `EXPLAIN QUERY PLAN ${text}`, []);
      const indexes = steps
        .map(({ detail }) => detail)
        .filter((detail) => detail.includes("INDEX") && !detail.includes("VIRTUAL"));
      for (const detail of indexes)
        t.regex(detail, /(wire_id|origin_id|stanza_id|value|message_id|rowid|direction|sender)=\?\)/, text);
      t.true(indexes.length > 0, text);
    }
    await closeConnection(connection);
  },
);
