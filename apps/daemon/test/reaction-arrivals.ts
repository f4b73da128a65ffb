import { type EnvelopeOptions, openArchived, openEnvelope, parseTrustedXml } from "@larder/core";
import { MessageIntake, type MessagingAccount } from "@larder/messages";
import { companionOf, type ReactingAccount, Reactions } from "@larder/reactions";
import { createStore, Database } from "@larder/storage";
import fc from "fast-check";

const alice = "alice@larder.test";
const bob = "bob@larder.test";
const room = "room@rooms.larder.test";
const EMOJIS = ["👍", "🎉", "😂", "❤️"];

const originId = (id: string) => `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`;

/** One stanza of the archive, with what a sender set by it. */
export interface Entry {
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

/** One conversation: a message, a correction of it, perhaps a second copy of its first version, and reactions that name either. */
export interface Script {
  readonly groupchat: boolean;
  readonly messageAt: number;
  readonly correctionAt: number;
  /** Place in the archive of a second copy of the first version, sent again after a lost session, under an id of its own. */
  readonly copyAt: number | null;
  readonly changes: readonly {
    readonly by: number;
    readonly emojis: readonly string[];
    readonly names: "first" | "correction";
    readonly pause: number;
  }[];
}

export function history({ groupchat, messageAt, correctionAt, copyAt, changes }: Script): Entry[] {
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
  const said = {
    stanza: `<message xmlns="jabber:client" from="${from}" to="${to}" type="${type}" id="m1"><body>said</body>${originId("m1")}${own}</message>`,
  };
  const saidAt = Math.min(place(messageAt), place(correctionAt));
  lines.splice(saidAt, 0, said);
  if (copyAt !== null) lines.splice(Math.min(saidAt + 1 + copyAt, lines.length), 0, said);
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
export function expected(entries: readonly Entry[]): Record<string, readonly string[]> {
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
  isDelayed: () => true,
  announcesStanzaIds: () => true,
  announcesOccupantIds: (by) => by === room,
  ownOccupant: (by) => (by === room ? { nick: "me", occupantId: "occ-me" } : undefined),
};

/** What comes at once: a stanza live, or a page of the archive. */
export type Arrival =
  | { readonly live: string }
  | {
      readonly page: readonly Entry[];
      readonly archive: string;
      readonly backwards: boolean;
      /** With it a reading of the archive begins. */
      readonly begins: boolean;
    };

/** Where the entries of a page stand in the order of history. */
export interface Taken {
  readonly first?: number;
  readonly last?: number;
}

/** The packages as the daemon puts them together, with nothing but what is on disk. */
export async function openHistory(url: string) {
  const { database } = await Database.open({ url });
  const store = createStore(database);
  const known = (await store.accounts.list()).find(({ jid }) => jid === alice);
  const { id } =
    known ??
    (await store.accounts.add({ jid: alice, autoConnect: true, tls: "required", allowPlaintext: false }));
  const account: MessagingAccount & ReactingAccount = {
    id,
    jid: alice,
    online: () => true,
    sendTracked: async () => {},
  };
  const intake = new MessageIntake(store, {
    also: companionOf(new Reactions(store.reactionLedger), () => account),
    digestKey: new Uint8Array(32),
  });
  return {
    close: () => database.close(),
    /** @param join where the page before ended */
    async take(arrival: Arrival, join?: number): Promise<Taken> {
      if ("live" in arrival) {
        const envelope = openEnvelope(parseTrustedXml(arrival.live), options);
        if (envelope) await intake.takeAll(account, [envelope], { origin: "live" });
        return {};
      }
      const { page, archive, backwards } = arrival;
      const envelopes = page.flatMap(
        ({ id: archiveId, stamp, stanza }) =>
          openArchived(
            archive,
            { id: archiveId, stamp: new Date(stamp), message: parseTrustedXml(stanza) },
            options,
          ) ?? [],
      );
      const order = backwards ? { before: join } : { after: join };
      return intake.takeAll(account, envelopes, { origin: "catchup", order });
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

export type OpenHistory = Awaited<ReturnType<typeof openHistory>>;

export const script = fc.record({
  groupchat: fc.boolean(),
  messageAt: fc.nat(6),
  correctionAt: fc.nat(8),
  copyAt: fc.option(fc.nat(8)),
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
export const arrival = fc.record({
  live: fc.array(fc.boolean(), { maxLength: 12 }),
  twice: fc.array(fc.boolean(), { maxLength: 12 }),
  withId: fc.array(fc.boolean(), { maxLength: 12 }),
  /** At which arrival the program ends, by a restart or a kill. */
  endsAt: fc.nat(16),
  pageSize: fc.integer({ min: 1, max: 4 }),
  backwards: fc.boolean(),
  readTwice: fc.boolean(),
});

const liveCopy = ({ stanza, id }: Entry, groupchat: boolean, withId: boolean): string => {
  const by = groupchat ? room : alice;
  const marked = withId
    ? stanza.replace("</message>", `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/></message>`)
    : stanza;
  return stanza.includes(`from="${alice}/`)
    ? `<message xmlns="jabber:client" from="${alice}" to="${alice}/x"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${marked}</forwarded></sent></message>`
    : marked;
};

type Coming = typeof arrival extends fc.Arbitrary<infer T> ? T : never;

/** Everything in the order in which it comes: what is live first, then the archive. */
export function arrivals(entries: readonly Entry[], { groupchat }: Script, comes: Coming): Arrival[] {
  const live = entries.flatMap((entry, at): Arrival[] => {
    if (comes.live[at] !== true) return [];
    // A room's message has the room's id always: without it nobody could name it.
    const copy = { live: liveCopy(entry, groupchat, groupchat || comes.withId[at] === true) };
    return comes.twice[at] === true ? [copy, copy] : [copy];
  });
  const { pageSize, backwards } = comes;
  const pages: Entry[][] = [];
  for (let at = 0; at < entries.length; at += pageSize) pages.push(entries.slice(at, at + pageSize));
  const archive = groupchat ? room : alice;
  const reading = (backwards ? pages.toReversed() : pages).map(
    (page, at): Arrival => ({ page, archive, backwards, begins: at === 0 }),
  );
  return [...live, ...reading, ...(comes.readTwice ? reading : [])];
}

/** Lets everything come, one after the other. @param take takes one in; told its place among all */
export async function comeIn(
  all: readonly Arrival[],
  take: (arrival: Arrival, at: number, join: number | undefined) => Promise<Taken>,
): Promise<void> {
  let join: number | undefined;
  for (const [at, arrival] of all.entries()) {
    if ("page" in arrival && arrival.begins) join = undefined;
    const { first, last } = await take(arrival, at, join);
    if ("page" in arrival) join = (arrival.backwards ? first : last) ?? join;
  }
}
