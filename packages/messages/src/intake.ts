import type { Envelope } from "@larder/core";
import type {
  ConversationChange,
  MessagePlace,
  MessageRecord,
  NewMessage,
  RemovalKey,
  Store,
} from "@larder/storage";
import type { MessagingAccount } from "./account.js";
import { applyConfirmation } from "./apply-confirmation.js";
import { applyCorrection } from "./apply-correction.js";
import { applyError } from "./apply-error.js";
import { applyRetraction, takeBack } from "./apply-retraction.js";
import { authorKey, authorship } from "./author.js";
import { type Batch, tell, type Work } from "./batch.js";
import { type Classified, classify } from "./classify.js";
import { findKnown, findRepeats } from "./identity.js";
import { placesFor } from "./places.js";

export interface IntakeOptions {
  /** Takes what is not for the history but belongs into its order: reactions, and refusals of them. True where it was that. */
  readonly also?: (account: MessagingAccount, envelope: Envelope) => Promise<boolean>;
  /** Since when an occupant has been in a room without a break, as far as presence tells. */
  readonly presentSince?: (account: MessagingAccount, occupant: string) => Date | undefined;
}

/** What became of a batch. */
export interface BatchOutcome {
  /** How many messages are new. */
  readonly received: number;
  /** For each envelope, whether it was something for the history. */
  readonly accepted: readonly boolean[];
  /** The positions at the ends of a page; undefined where it had no message. */
  readonly first?: number;
  readonly last?: number;
  /** The last of a page stood where it belongs already. */
  readonly settled: boolean;
}

type Saying = Extract<Classified, { kind: "message" }>;

/** Which ids a removal that came first may have named it by. */
function removalKeys(message: NewMessage, room: string | undefined): RemovalKey[] {
  const { conversation, stanzaId, stanzaIdBy, wireId, originId, sender } = message;
  const groupchat = message.type === "groupchat";
  if (groupchat && room !== undefined) {
    if (stanzaId === undefined || stanzaIdBy !== room) return [];
    return [room, authorKey(message)].map((givenBy) => ({
      conversation,
      kind: "stanza",
      value: stanzaId,
      givenBy,
    }));
  }
  return [
    ...(wireId === undefined
      ? []
      : [{ conversation, kind: "wire" as const, value: wireId, givenBy: sender }]),
    ...(originId === undefined
      ? []
      : [{ conversation, kind: "origin" as const, value: originId, givenBy: sender }]),
  ];
}

/** What a removal leaves of a message that comes after it. */
const removed = (message: NewMessage, at: Date): NewMessage => ({
  ...message,
  retracted: at,
  bodies: [],
  subjects: [],
  raw: undefined,
  encrypted: undefined,
});

/**
 * Takes messages into the history, once each: those that come live, as carbons, and in pages of archives. What is stored,
 * the ids that are learned and the events that tell of it are one unit of work.
 */
export class MessageIntake {
  readonly #store: Store;
  readonly #options: IntakeOptions;

  constructor(store: Store, options: IntakeOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  /** @returns whether the envelope was something for the history */
  async take(account: MessagingAccount, envelope: Envelope): Promise<boolean> {
    const { accepted } = await this.takeAll(account, [envelope], { origin: "live" });
    return accepted[0] === true;
  }

  /** Takes several in, in their order. Inside a unit of work it joins that. */
  takeAll(account: MessagingAccount, envelopes: readonly Envelope[], batch: Batch): Promise<BatchOutcome> {
    const receivedAt = new Date();
    const read = envelopes.map((envelope) => classify(envelope, account.id, receivedAt));
    return this.#store.database.write((unit) => {
      const { also, presentSince } = this.#options;
      return this.#run(
        {
          store: this.#store,
          unit,
          account,
          batch,
          also,
          presentSince: presentSince && ((occupant) => presentSince(account, occupant)),
        },
        read,
      );
    });
  }

  async #run(work: Work, read: readonly Classified[]): Promise<BatchOutcome> {
    const accepted = read.map(({ kind }) => kind !== "nothing");
    const messages = read.filter((each): each is Saying => each.kind === "message");
    const { received, places, settled } = await this.#keepAll(work, messages);
    let total = received;
    for (const [index, each] of read.entries()) {
      if (each.kind === "correction") total += await this.#correct(work, each);
      else if (each.kind === "retraction") await applyRetraction(work, each);
      else if (each.kind === "confirmation") await applyConfirmation(work, each);
      else if (each.kind === "other")
        accepted[index] = (await work.also?.(work.account, each.envelope)) === true;
      else if (each.kind === "error") {
        const theirs = (await work.also?.(work.account, each.envelope)) === true;
        accepted[index] = theirs || (await applyError(work, each.envelope));
      }
      if ("subject" in each && each.subject !== undefined && each.envelope.via !== "archive")
        await work.store.rooms.update(work.account.id, each.envelope.conversation, { subject: each.subject });
    }
    return { received: total, accepted, first: places[0], last: places.at(-1), settled };
  }

  /** A correction whose first version is already known goes there; else it is kept as a message. */
  async #correct(work: Work, correction: Classified & { kind: "correction" }): Promise<number> {
    const { store, account } = work;
    const { copies } = await findKnown(store, account.id, [correction.message]);
    const known = copies.get(0);
    if (known) {
      await this.#merge(work, known, correction.message);
      return 0;
    }
    const left = await applyCorrection(work, correction);
    if (!left) return 0;
    const [kept] = await this.#insert(work, [left]);
    if (kept?.standsFor !== undefined) {
      const { id, conversation, sender, standsFor } = kept;
      const alias = { messageId: id, accountId: account.id, conversation, value: standsFor, givenBy: sender };
      await store.aliases.add({ ...alias, kind: "wire" });
    }
    return 1;
  }

  /** Keeps what is new and merges what is known, all of a page in a few statements. */
  async #keepAll(
    work: Work,
    said: readonly Saying[],
  ): Promise<{ received: number; places: number[]; settled: boolean }> {
    if (said.length === 0) return { received: 0, places: [], settled: true };
    const { store, account, batch } = work;
    const messages = said.map(({ message }) => message);
    const { copies, standIns } = await findKnown(store, account.id, messages);
    markRepeats(messages, copies);
    const places = batch.order
      ? placesFor(
          messages.map(({ timestamp, stanzaId }, at) => {
            const known = copies.get(at);
            const isIt = known?.stanzaId === undefined || known.stanzaId === stanzaId;
            return { timestamp, known: isIt ? known : undefined };
          }),
          batch.order,
        )
      : [];
    const moves: MessagePlace[] = [];
    const fresh: NewMessage[] = [];
    for (const [at, entry] of said.entries()) {
      const { message, envelope } = entry;
      const position = places[at];
      const placed = position === undefined ? message : { ...message, position };
      const known = copies.get(at);
      const standIn = standIns.get(at);
      if (known) {
        await this.#merge(work, known, message);
        const earlier =
          position !== undefined && position < known.position && (await this.#promote(work, known, message));
        const isItsPlace = earlier || known.stanzaId === undefined || known.stanzaId === message.stanzaId;
        if (position !== undefined && isItsPlace && known.standsFor === undefined)
          moves.push({ id: known.id, timestamp: message.timestamp, position });
      } else if (standIn && authorship(standIn, envelope, work.presentSince) === "same") {
        await store.messages.completeWith(standIn.id, placed);
        await store.conversations.follow(account.id, [standIn.id]);
        await tell(work, standIn.uid, "correction");
      } else fresh.push(placed);
    }
    const byId = new Map([...copies.values()].map((record) => [record.id, record]));
    const changed = moves.filter(({ id, position, timestamp }) => {
      const known = byId.get(id);
      return known?.position !== position || known.timestamp.getTime() !== timestamp.getTime();
    });
    await store.messages.place(changed);
    if (changed.length > 0)
      await store.conversations.follow(
        account.id,
        changed.map(({ id }) => id),
      );
    const received = await this.#keepFresh(work, fresh);
    const last = copies.get(said.length - 1);
    return { received, places, settled: last !== undefined && last.position === places.at(-1) };
  }

  async #keepFresh(work: Work, fresh: readonly NewMessage[]): Promise<number> {
    if (fresh.length === 0) return 0;
    const { store, account } = work;
    const repeats = fresh.length > 1 ? findRepeats(fresh) : new Map<number, number>();
    const kept = await this.#insert(
      work,
      fresh.filter((_, at) => !repeats.has(at)),
    );
    if (repeats.size > 0) {
      const rows = new Map<number, MessageRecord>();
      let next = 0;
      for (const at of fresh.keys()) {
        const row = repeats.has(at) ? undefined : kept[next++];
        if (row) rows.set(at, row);
      }
      for (const [at, first] of repeats) {
        const { stanzaId, stanzaIdBy, conversation } = fresh[at] ?? {};
        const row = rows.get(first);
        if (!row || stanzaId === undefined || stanzaIdBy === undefined || conversation === undefined)
          continue;
        await store.aliases.add({
          messageId: row.id,
          accountId: account.id,
          conversation,
          kind: "stanza",
          value: stanzaId,
          givenBy: stanzaIdBy,
        });
      }
    }
    return kept.length;
  }

  /** Keeps messages that nobody had, without what was taken back before it came; and tells of them. */
  async #insert(work: Work, messages: readonly NewMessage[]): Promise<MessageRecord[]> {
    const { store, account, unit, batch } = work;
    const keys = messages.flatMap((message, at) => {
      const room = message.type === "groupchat" ? message.conversation : undefined;
      return removalKeys(message, room).map((key) => ({ at, key }));
    });
    const found = await store.removals.find(
      account.id,
      keys.map(({ key }) => key),
    );
    const goneAt = new Map([...found].map(([place, at]) => [keys[place]?.at ?? -1, at]));
    const rows = await store.messages.insertAll(
      messages.map((message, at) => {
        const gone = goneAt.get(at);
        return gone ? removed(message, gone) : message;
      }),
    );
    await store.conversations.note(account.id, changesOf(rows));
    if (batch.origin !== undefined) {
      for (const { uid, retracted } of rows)
        if (retracted === undefined) await unit.log("message_new", account.id, { uid, origin: batch.origin });
    }
    return rows;
  }

  /** A message that its archive has twice (sent again after a lost session) stands where the archive has it first. */
  async #promote(work: Work, known: MessageRecord, copy: NewMessage): Promise<boolean> {
    const { stanzaId, stanzaIdBy } = copy;
    if (stanzaId === undefined || known.stanzaId === undefined) return false;
    if (known.stanzaIdBy !== stanzaIdBy || known.stanzaId === stanzaId || known.standsFor !== undefined)
      return false;
    await work.store.messages.replaceStanzaId(known.id, stanzaId);
    const { id, conversation } = known;
    const alias = { messageId: id, accountId: work.account.id, conversation, value: known.stanzaId };
    await work.store.aliases.add({ ...alias, kind: "stanza", givenBy: known.stanzaIdBy ?? "" });
    return true;
  }

  /** Another copy of a message that is here: what it knows more is learned from it. */
  async #merge(work: Work, known: MessageRecord, copy: NewMessage): Promise<void> {
    const { store, account } = work;
    const { stanzaId, stanzaIdBy } = copy;
    if (stanzaId !== undefined && stanzaIdBy !== undefined) {
      if (known.stanzaId === undefined) await store.messages.setStanzaId(known.id, stanzaIdBy, stanzaId);
      else if (known.stanzaId !== stanzaId || known.stanzaIdBy !== stanzaIdBy)
        await store.aliases.add({
          messageId: known.id,
          accountId: account.id,
          conversation: known.conversation,
          kind: "stanza",
          value: stanzaId,
          givenBy: stanzaIdBy,
        });
    }
    const learned = {
      occupantId: known.occupantId ?? copy.occupantId,
      realJid: known.realJid ?? copy.realJid,
      nick: known.nick ?? copy.nick,
    };
    if (
      learned.occupantId !== known.occupantId ||
      learned.realJid !== known.realJid ||
      learned.nick !== known.nick
    )
      await store.messages.setOccupant(known.id, learned);
    if (copy.retracted !== undefined) await takeBack(work, known, copy.retracted);
    if (known.state === "pending" && known.direction === "out") {
      await store.messages.setState(known.id, "sent");
      await tell(work, known.uid, "state");
    }
  }
}

/** Where a page has a known message twice, the second is a further copy of it: the first gives it its id and its place. */
function markRepeats(messages: readonly NewMessage[], copies: Map<number, MessageRecord>): void {
  const firsts = new Map<number, NewMessage>();
  for (const [at, message] of messages.entries()) {
    const known = copies.get(at);
    if (!known || message.stanzaId === undefined || known.stanzaId !== undefined) continue;
    const first = firsts.get(known.id);
    if (!first) firsts.set(known.id, message);
    else copies.set(at, { ...known, stanzaId: first.stanzaId, stanzaIdBy: first.stanzaIdBy, position: -1 });
  }
}

/** What new messages mean for their conversations. */
function changesOf(rows: readonly MessageRecord[]): ConversationChange[] {
  const byConversation = new Map<string, MessageRecord[]>();
  for (const row of rows) {
    const others = byConversation.get(row.conversation);
    if (others) others.push(row);
    else byConversation.set(row.conversation, [row]);
  }
  const newest = (list: readonly MessageRecord[]) =>
    list.reduce<MessageRecord | undefined>(
      (best, row) => (best && best.position > row.position ? best : row),
      undefined,
    );
  return [...byConversation].flatMap(([jid, list]) => {
    const last = newest(list);
    if (!last) return [];
    return [
      {
        jid,
        type: last.type === "groupchat" ? "groupchat" : "chat",
        last,
        incoming: list.flatMap((row) => (row.direction === "in" && !row.retracted ? [row.position] : [])),
        seen: newest(list.filter(({ direction }) => direction === "out")),
      },
    ];
  });
}
