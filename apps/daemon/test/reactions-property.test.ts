import { deepStrictEqual } from "node:assert";
import { join } from "node:path";
import {
  type Envelope,
  type EnvelopeOptions,
  openArchived,
  openEnvelope,
  parseTrustedXml,
} from "@larder/core";
import { type Batch, MessageIntake, type MessagingAccount } from "@larder/messages";
import { companionOf, type ReactingAccount, Reactions } from "@larder/reactions";
import { createStore, Database } from "@larder/storage";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { temporaryHome } from "./support.js";

const alice = "alice@larder.test";
const bob = "bob@larder.test";
const room = "room@rooms.larder.test";
const EMOJIS = ["👍", "🎉", "😂", "❤️"];

const originId = (id: string) => `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`;

/** One stanza of the archive, with what a sender set by it. */
interface Entry {
  readonly id: string;
  /** Whole seconds, as Prosody's archive has them: several entries share one. */
  readonly stamp: string;
  readonly stanza: string;
  readonly sender?: string;
  readonly emojis?: readonly string[];
}

const set = (target: string, emojis: readonly string[]) =>
  `<reactions xmlns="urn:xmpp:reactions:0" id="${target}">${emojis.map((each) => `<reaction>${each}</reaction>`).join("")}</reactions>`;
const occupant = (id: string) => `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="${id}"/>`;

/** What is said: a message, a correction of it, and reactions that name either. */
interface Script {
  readonly groupchat: boolean;
  readonly messageAt: number;
  readonly correctionAt: number;
  readonly changes: readonly {
    readonly by: number;
    readonly emojis: readonly string[];
    readonly names: "first" | "correction";
    readonly pause: number;
  }[];
}

function history({ groupchat, messageAt, correctionAt, changes }: Script): Entry[] {
  const from = groupchat ? `${room}/bob` : `${bob}/a`;
  const to = groupchat ? `${alice}/x` : alice;
  const type = groupchat ? "groupchat" : "chat";
  const own = groupchat ? occupant("occ-bob") : "";
  let second = 0;
  const begun = Math.floor(Date.now() / 1000) * 1000 - 30_000;
  const lines: Omit<Entry, "id" | "stamp">[] = changes.map(({ by, emojis, names }, n) => {
    const sender = groupchat ? `occ-${by}` : by === 0 ? alice : bob;
    // In rooms the room's id names it, and only the first version's: which entry that is, is filled in below.
    const target = groupchat ? "TARGET" : names === "first" ? "m1" : "m2";
    const [who, whom] = groupchat
      ? [`${room}/nick${by}`, to]
      : by === 0
        ? [`${alice}/other`, bob]
        : [`${bob}/a`, alice];
    const extra = groupchat ? occupant(sender) : "";
    return {
      stanza: `<message xmlns="jabber:client" from="${who}" to="${whom}" type="${type}" id="r${n}">${set(target, emojis)}${extra}</message>`,
      sender,
      emojis,
    };
  });
  const place = (at: number) => Math.min(at, lines.length);
  lines.splice(place(correctionAt), 0, {
    stanza: `<message xmlns="jabber:client" from="${from}" to="${to}" type="${type}" id="m2"><body>corrected</body><replace xmlns="urn:xmpp:message-correct:0" id="m1"/>${originId("m2")}${own}</message>`,
  });
  lines.splice(Math.min(place(messageAt), place(correctionAt)), 0, {
    stanza: `<message xmlns="jabber:client" from="${from}" to="${to}" type="${type}" id="m1"><body>said</body>${originId("m1")}${own}</message>`,
  });
  const first = lines.findIndex(({ stanza }) => stanza.includes('id="m1"><body>'));
  return lines.map((line, n) => {
    second += changes[n]?.pause ?? 0;
    return {
      ...line,
      id: `a${n}`,
      stamp: new Date(begun + second * 1000).toISOString(),
      stanza: line.stanza.replace("TARGET", `a${first}`),
    };
  });
}

/** What stands in the end, by the order of the archive alone. */
function expected(entries: readonly Entry[]): Record<string, readonly string[]> {
  const sets = new Map<string, readonly string[]>();
  for (const { sender, emojis } of entries) if (sender && emojis) sets.set(sender, emojis);
  return Object.fromEntries(
    [...sets]
      .filter(([, emojis]) => emojis.length > 0)
      .map(([sender, emojis]) => [sender, [...emojis].sort()]),
  );
}

const options: EnvelopeOptions = {
  account: alice,
  announcesStanzaIds: () => true,
  announcesOccupantIds: (by) => by === room,
  ownOccupant: (by) => (by === room ? { nick: "me", occupantId: "occ-me" } : undefined),
};

/** The packages as the daemon puts them together; `restart` leaves nothing but what is on disk. */
async function rooms(t: ExecutionContext) {
  const url = `sqlite:${join(await temporaryHome(t), "larder.db")}`;
  let { database } = await Database.open({ url });
  t.teardown(() => database.close());
  let store = createStore(database);
  const { id } = await store.accounts.add({
    jid: alice,
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const account: MessagingAccount & ReactingAccount = {
    id,
    jid: alice,
    online: () => true,
    sendTracked: async () => {},
  };
  const intakeOf = () =>
    new MessageIntake(store, {
      also: companionOf(new Reactions(store.reactionLedger), () => account),
    });
  let intake = intakeOf();
  return {
    take: (envelopes: readonly Envelope[], batch: Batch) => intake.takeAll(account, envelopes, batch),
    async restart() {
      await database.close();
      ({ database } = await Database.open({ url }));
      store = createStore(database);
      intake = intakeOf();
    },
    async stands() {
      const { messages } = await store.messages.history({ accountId: id, limit: 10 });
      const [message] = messages;
      const standing = message ? await store.reactions.standing([message.id]) : [];
      return {
        messages: messages.length,
        sets: Object.fromEntries(standing.map(({ sender, emojis }) => [sender, [...emojis].sort()])),
      };
    },
    async clear() {
      await database.write(async ({ executor }) => {
        for (const table of [
          "reaction_change",
          "message_alias",
          "message_version",
          "message_text",
          "message",
        ])
          await executor.run({
            sql: `DELETE FROM ${table}`,
            text: `DELETE FROM ${table}`,
            values: [],
          } as never);
      });
    },
  };
}

const script = fc.record({
  groupchat: fc.boolean(),
  messageAt: fc.nat(6),
  correctionAt: fc.nat(8),
  changes: fc.array(
    fc.record({
      by: fc.nat(1),
      emojis: fc.subarray(EMOJIS),
      names: fc.constantFrom("first" as const, "correction" as const),
      pause: fc.nat(1),
    }),
    { minLength: 1, maxLength: 10 },
  ),
});
/** How it arrives: which entries live, twice or not, with the archive's id or not, and how the archive is read. */
const arrival = fc.record({
  live: fc.array(fc.boolean(), { maxLength: 12 }),
  twice: fc.array(fc.boolean(), { maxLength: 12 }),
  withId: fc.array(fc.boolean(), { maxLength: 12 }),
  restartAt: fc.nat(14),
  pageSize: fc.integer({ min: 1, max: 4 }),
  backwards: fc.boolean(),
  readTwice: fc.boolean(),
});

const liveCopy = ({ stanza, id }: Entry, groupchat: boolean, withId: boolean): Envelope | undefined => {
  const by = groupchat ? room : alice;
  const marked = withId
    ? stanza.replace("</message>", `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/></message>`)
    : stanza;
  const isOurs = stanza.includes(`from="${alice}/`);
  const wrapped = isOurs
    ? `<message xmlns="jabber:client" from="${alice}" to="${alice}/x"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${marked}</forwarded></sent></message>`
    : marked;
  return openEnvelope(parseTrustedXml(wrapped), options);
};

test("reactions that come live, by carbon, twice, from the archive in any direction, before or after their message and across a restart, stand as the archive's order says", async (t) => {
  const world = await rooms(t);
  const property = fc.asyncProperty(script, arrival, async (said, comes) => {
    await world.clear();
    const entries = history(said);
    const archive = said.groupchat ? room : alice;
    for (const [at, entry] of entries.entries()) {
      if (at === comes.restartAt) await world.restart();
      if (comes.live[at] !== true) continue;
      // A room's message has the room's id always: without it nobody could name it.
      const envelope = liveCopy(entry, said.groupchat, said.groupchat || comes.withId[at] === true);
      if (!envelope) continue;
      await world.take([envelope], { origin: "live" });
      if (comes.twice[at] === true) await world.take([envelope], { origin: "live" });
    }
    const pages: Entry[][] = [];
    for (let at = 0; at < entries.length; at += comes.pageSize)
      pages.push(entries.slice(at, at + comes.pageSize));
    const envelopesOf = (page: readonly Entry[]) =>
      page.flatMap(
        ({ id, stamp, stanza }) =>
          openArchived(archive, { id, stamp: new Date(stamp), message: parseTrustedXml(stanza) }, options) ??
          [],
      );
    for (let time = 0; time < (comes.readTwice ? 2 : 1); time++) {
      let join: number | undefined;
      for (const page of comes.backwards ? pages.toReversed() : pages) {
        const order = comes.backwards ? { before: join } : { after: join };
        const { first, last } = await world.take(envelopesOf(page), { origin: "catchup", order });
        join = (comes.backwards ? first : last) ?? join;
      }
    }
    const { messages, sets } = await world.stands();
    deepStrictEqual({ messages, sets }, { messages: 1, sets: expected(entries) });
  });
  const runs = process.env.LARDER_SOAK ? 1000 : 150;
  await t.notThrowsAsync(fc.assert(property, { numRuns: runs, includeErrorInReport: true }));
});
