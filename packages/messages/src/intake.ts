import type { Envelope } from "@larder/core";
import type {
  ConversationChange,
  MessageHead,
  MessagePlace,
  MessageRecord,
  NewMessage,
  RemovalKey,
  Store,
} from "@larder/storage";
import type { MessagingAccount } from "./account.js";
import { applyConfirmation, applyEarlyConfirmations } from "./apply-confirmation.js";
import { applyCorrection, remember } from "./apply-correction.js";
import { applyError } from "./apply-error.js";
import { applyRetraction, takeBack } from "./apply-retraction.js";
import { arrived } from "./arrival.js";
import { authorKey, authorship } from "./author.js";
import { type Batch, originOf, tell, type Work } from "./batch.js";
import { type Classified, classify } from "./classify.js";
import type { Companion } from "./companion.js";
import { WordsDigest } from "./digest.js";
import { findKnown, findRepeats } from "./identity.js";
import { isBefore, NO_PLACES, type PageEntry, type PagePlaces, placesOfPage } from "./places.js";

export interface IntakeOptions {
  /** The receiver of what is no message but belongs into the order of history: reactions, and refusals of them. */
  readonly also?: Companion;
  /**
   * The secret of the instance, at least 32 bytes. It lasts as long as the database and is stored outside of it. It makes a digest
   * of the first words of a message, by which a copy is recognised after a correction or a retraction, too. Default: none; then ids,
   * sender and time decide about a copy of a changed message.
   */
  readonly digestKey?: Uint8Array;
  /** Returns the time since which an occupant has been in a room without a break, by its presence. */
  readonly presentSince?: (account: MessagingAccount, occupant: string) => Date | undefined;
}

/** The outcome of a batch. */
export interface BatchOutcome {
  /** The number of new messages. */
  readonly received: number;
  /** For each envelope, true if the history has taken it. */
  readonly accepted: readonly boolean[];
  /** The positions at the ends of a page; undefined if it had no message. */
  readonly first?: number;
  readonly last?: number;
  /** The last message of a page had the right position already. */
  readonly settled: boolean;
}

type Saying = Extract<Classified, { kind: "message" }>;

/** The outcome of the messages of a batch. */
interface Kept extends PagePlaces {
  readonly received: number;
}

/** Lists the ids by which a retraction that came first may have named a message. */
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

/** Finds the times of retractions that came before their messages, by the places of the messages. */
async function removalsOf(
  { store, account }: Work,
  messages: readonly NewMessage[],
): Promise<Map<number, Date>> {
  const keys = messages.flatMap((message, at) => {
    const room = message.type === "groupchat" ? message.conversation : undefined;
    return removalKeys(message, room).map((key) => ({ at, key }));
  });
  const found = await store.removals.find(
    account.id,
    keys.map(({ key }) => key),
  );
  return new Map([...found].map(([place, at]) => [keys[place]?.at ?? -1, at]));
}

/** Strips a message that comes after its retraction. */
const removed = (message: NewMessage, at: Date): NewMessage => ({
  ...message,
  retracted: at,
  bodies: [],
  subjects: [],
  raw: undefined,
  encrypted: undefined,
});

/**
 * The way of messages into the history, once each: live, as carbons, and in pages of archives. A message, the ids that are learned
 * from it and its events are one unit of work.
 */
export class MessageIntake {
  readonly #store: Store;
  readonly #options: IntakeOptions;
  readonly #digest: WordsDigest;

  constructor(store: Store, options: IntakeOptions = {}) {
    this.#store = store;
    this.#options = options;
    this.#digest = new WordsDigest(options.digestKey);
  }

  /** @returns true if the history has taken the envelope */
  async take(account: MessagingAccount, envelope: Envelope): Promise<boolean> {
    const { accepted } = await this.takeAll(account, [envelope], { origin: "live" });
    return accepted[0] === true;
  }

  /** Takes in several envelopes, in their order. If a unit of work is running, this joins it. */
  takeAll(account: MessagingAccount, envelopes: readonly Envelope[], batch: Batch): Promise<BatchOutcome> {
    const receivedAt = new Date();
    const read = envelopes.map((envelope) => this.#signed(classify(envelope, account.id, receivedAt)));
    return this.#store.database.write((unit) => {
      const { also, presentSince } = this.#options;
      return this.#run(
        {
          store: this.#store,
          unit,
          account,
          batch,
          also,
          digest: this.#digest,
          named: new Map(),
          fresh: new Set(),
          presentSince: presentSince && ((occupant) => presentSince(account, occupant)),
        },
        read,
      );
    });
  }

  #signed(read: Classified): Classified {
    return "message" in read ? { ...read, message: this.#digest.sign(read.message) } : read;
  }

  async #run(work: Work, read: readonly Classified[]): Promise<BatchOutcome> {
    const accepted = read.map(({ kind }) => kind !== "nothing");
    const { account, batch, also } = work;
    const others = [...read.entries()].flatMap(([at, { kind, envelope }]) =>
      kind === "other" ? [{ at, envelope }] : [],
    );
    const { received, places, ends, settled } = await this.#keepAll(work, read, others);
    let total = received;
    for (const [index, each] of read.entries()) {
      if (each.kind === "correction") total += await this.#correct(work, each);
      else if (each.kind === "retraction") await applyRetraction(work, each);
      else if (each.kind === "confirmation") await applyConfirmation(work, each);
      else if (each.kind === "error") {
        const theirs = (await also?.refused(account, each.envelope)) === true;
        accepted[index] = theirs || (await applyError(work, each.envelope));
      }
      if ("subject" in each && each.subject !== undefined && each.envelope.via !== "archive")
        await work.store.rooms.update(account.id, each.envelope.conversation, { subject: each.subject });
    }
    const { named, fresh } = work;
    if (named.size > 0) await applyEarlyConfirmations(work);
    if (named.size > 0)
      await also?.named(
        account,
        [...named].map(([id, conversation]) => ({ id, conversation })),
        { origin: batch.origin, fresh },
      );
    // Reactions come after all messages of the page, as they may belong to them.
    const taken =
      others.length === 0
        ? []
        : await also?.take(
            account,
            others.map(({ envelope }) => envelope),
            { origin: batch.origin, positions: others.map(({ at }) => places.get(at)) },
          );
    for (const [place, { at }] of others.entries()) accepted[at] = taken?.[place] === true;
    return { received: total, accepted, first: ends[0], last: ends[1], settled };
  }

  /** Applies a correction to its first version if that is stored; else it stores the correction as a message. */
  async #correct(work: Work, correction: Classified & { kind: "correction" }): Promise<number> {
    const { store, account } = work;
    const { copies } = await findKnown(store, account.id, [correction.message]);
    const known = copies.get(0);
    // The correction is stored as a message of its own. A message that it has replaced has another id.
    if (known && known.wireId === correction.message.wireId) {
      await this.#merge(work, known, correction.message);
      return 0;
    }
    // If the archive's id of it leads to a message already, it was applied there, and its author was certain.
    const { stanzaId, stanzaIdBy } = correction.message;
    const isTaken = stanzaId !== undefined && stanzaIdBy !== undefined && known !== undefined;
    if (isTaken && (await store.messages.findByStanzaId(account.id, stanzaIdBy, stanzaId))) return 0;
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

  /** Stores new messages and merges known ones, a whole page in a few statements. */
  async #keepAll(
    work: Work,
    read: readonly Classified[],
    others: readonly { readonly at: number; readonly envelope: Envelope }[],
  ): Promise<Kept> {
    const said = [...read.entries()].filter(
      (entry): entry is [number, Saying] => entry[1].kind === "message",
    );
    if (said.length === 0 && others.length === 0) return { ...NO_PLACES, received: 0 };
    const { store, account, batch } = work;
    const messages = said.map(([, { message }]) => message);
    const { copies, standIns } = await findKnown(store, account.id, messages);
    const pagePlaces = await this.#places(work, said, copies, others);
    const { places, bounds } = pagePlaces;
    const moves = new Map<number, MessagePlace>();
    const fresh: NewMessage[] = [];
    // A page may have a message twice: the second copy meets what the first one has changed.
    const current = new Map<number, MessageHead>();
    const inPageOf = new Map(said.map(([inPage, { message }]) => [message.stanzaId, inPage]));
    for (const [at, [inPage, entry]] of said.entries()) {
      const { message, envelope } = entry;
      const position = batch.order && places.get(inPage);
      const placed = position === undefined ? message : { ...message, position };
      const copied = copies.get(at);
      const standIn = standIns
        .get(at)
        ?.find((each) => authorship(each, envelope, work.presentSince) === "same");
      const known = copied ? (current.get(copied.id) ?? copied) : standIn && current.get(standIn.id);
      if (known) {
        await this.#merge(work, known, message);
        const earlier =
          position !== undefined &&
          isBefore({ inPage, bound: bounds.get(inPage) ?? position }, known, inPageOf) &&
          (await this.#promote(work, known, message));
        const isItsPlace = earlier || known.stanzaId === undefined || known.stanzaId === message.stanzaId;
        if (isItsPlace) {
          const { stanzaId = known.stanzaId, stanzaIdBy = known.stanzaIdBy } = message;
          const { timestamp } = position === undefined ? known : message;
          current.set(known.id, {
            ...known,
            stanzaId,
            stanzaIdBy,
            timestamp,
            position: position ?? known.position,
          });
        }
        if (position !== undefined && isItsPlace && known.standsFor === undefined)
          moves.set(known.id, { id: known.id, timestamp: message.timestamp, position });
      } else if (standIn) {
        await store.messages.completeWith(standIn.id, placed);
        const { wireId, originId, stanzaId, stanzaIdBy, timestamp } = message;
        const ids = { wireId, originId, stanzaId, stanzaIdBy };
        const head = {
          ...standIn,
          ...ids,
          timestamp,
          position: position ?? standIn.position,
          standsFor: undefined,
        };
        current.set(standIn.id, head); // a second copy in this page is one of what is complete now
        await remember(work, standIn.id, standIn);
        await store.conversations.follow(account.id, [standIn.id]);
        await tell(work, standIn.uid, "correction");
      } else fresh.push(placed);
    }
    await this.#takeBackWaiting(
      work,
      [...copies].flatMap(([at, known]) => {
        const message = messages[at];
        return message ? [{ known, message }] : [];
      }),
    );
    const byId = new Map([...copies.values()].map((record) => [record.id, record]));
    const changed = [...moves.values()].filter(({ id, position, timestamp }) => {
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
    return { ...pagePlaces, received };
  }

  /** Applies retractions that named a message by an id which only its second copy has. */
  async #takeBackWaiting(
    work: Work,
    copies: readonly { readonly known: MessageHead; readonly message: NewMessage }[],
  ): Promise<void> {
    const renamed = copies.filter(
      ({ known, message }) =>
        known.retracted === undefined &&
        (known.stanzaId !== message.stanzaId ||
          known.wireId !== message.wireId ||
          known.originId !== message.originId),
    );
    const gone = await removalsOf(
      work,
      renamed.map(({ message }) => message),
    );
    for (const [place, at] of gone) {
      const known = renamed[place]?.known;
      if (known) await takeBack(work, known, at);
    }
  }

  /** Finds the positions of a page's messages, and of what else belongs into its order. */
  async #places(
    { also, account, batch }: Work,
    said: readonly (readonly [number, Saying])[],
    copies: ReadonlyMap<number, MessageHead>,
    others: readonly { readonly at: number; readonly envelope: Envelope }[],
  ): Promise<PagePlaces> {
    if (!batch.order) return NO_PLACES;
    const envelopes = others.map(({ envelope }) => envelope);
    const known = envelopes.length === 0 ? [] : ((await also?.places(account, envelopes)) ?? []);
    const entries: PageEntry[] = [
      ...said.map(([at, { message }], place) => {
        const copy = copies.get(place);
        const isIt = copy?.stanzaId === undefined || copy.stanzaId === message.stanzaId;
        return { at, timestamp: message.timestamp, known: isIt ? copy : undefined };
      }),
      ...others.map(({ at, envelope }, place) => ({
        at,
        timestamp: envelope.delay ?? new Date(),
        known: known[place],
      })),
    ];
    return placesOfPage(entries, batch.order);
  }

  async #keepFresh(work: Work, fresh: readonly NewMessage[]): Promise<number> {
    if (fresh.length === 0) return 0;
    const { store, account } = work;
    const repeats = fresh.length > 1 ? findRepeats(fresh) : new Map<number, number>();
    // If one of two copies in an archive is a tombstone, the other is retracted, too.
    const goneAt = new Map(
      [...repeats].flatMap(([at, first]) => {
        const gone = fresh[at]?.retracted;
        return gone === undefined ? [] : [[first, gone] as const];
      }),
    );
    const kept = await this.#insert(
      work,
      fresh.flatMap((message, at) => {
        const gone = goneAt.get(at);
        if (repeats.has(at)) return [];
        return gone === undefined || message.retracted !== undefined ? message : removed(message, gone);
      }),
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

  /** Stores new messages and logs their events. The content of a message that was retracted before it came is left out. */
  async #insert(work: Work, messages: readonly NewMessage[]): Promise<MessageRecord[]> {
    const { store, account, unit, batch } = work;
    const goneAt = await removalsOf(work, messages);
    const rows = await store.messages.insertAll(
      messages.map((message, at) => {
        const gone = goneAt.get(at);
        return gone ? removed(message, gone) : message;
      }),
    );
    await store.conversations.note(account.id, changesOf(rows));
    for (const row of rows) {
      work.named.set(row.id, row.conversation);
      work.fresh.add(row.id);
      const origin = row.retracted === undefined ? originOf(batch, row) : undefined;
      if (origin !== undefined) void unit.log("message_new", account.id, { uid: row.uid, origin });
    }
    return rows;
  }

  /** Moves a message that its archive has twice (sent again after a lost session) to the place of the first copy. */
  async #promote(work: Work, known: MessageHead, copy: NewMessage): Promise<boolean> {
    const { stanzaId, stanzaIdBy } = copy;
    if (stanzaId === undefined || known.stanzaId === undefined) return false;
    if (known.stanzaIdBy !== stanzaIdBy || known.stanzaId === stanzaId || known.standsFor !== undefined)
      return false;
    if (!(await work.store.messages.replaceStanzaId(known.id, stanzaId))) return false;
    const { id, conversation } = known;
    const alias = { messageId: id, accountId: work.account.id, conversation, value: known.stanzaId };
    await work.store.aliases.add({ ...alias, kind: "stanza", givenBy: known.stanzaIdBy ?? "" });
    return true;
  }

  /** Adds to a stored message what another copy of it has in addition. */
  async #merge(work: Work, known: MessageHead, copy: NewMessage): Promise<void> {
    const { store, account } = work;
    const { stanzaId, stanzaIdBy } = copy;
    if (
      stanzaId !== undefined &&
      stanzaIdBy !== undefined &&
      !(known.stanzaId === stanzaId && known.stanzaIdBy === stanzaIdBy)
    ) {
      work.named.set(known.id, known.conversation);
      if (known.stanzaId === undefined) await store.messages.setStanzaId(known.id, stanzaIdBy, stanzaId);
      else
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
    await arrived(work, known, known.wireId); // by our id, also if the room has changed it
  }
}

/** Lists the changes of conversations by new messages. */
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
