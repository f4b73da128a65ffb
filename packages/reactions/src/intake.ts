import {
  type Envelope,
  isNotToBeStored,
  type ReactionChange,
  type ReactionHolder,
  type ReactionStore,
  type ReactionTarget,
  type WaitingReaction,
} from "@larder/core";
import type { ReactingAccount } from "./account.js";
import { type Candidate, HolderHistory } from "./holder-history.js";
import { reactorOf } from "./reactor.js";
import { senderOf } from "./sender.js";
import { type ReactionsPayload, readReactions } from "./stanza.js";

/** How stanzas come in together. */
export interface ReactionBatch {
  /** Absent for history that is filled in: nobody is told of it. */
  readonly origin?: "live" | "catchup";
  /** Of history that is filled in, what was said since then is news all the same, and told as `catchup`. */
  readonly newsSince?: Date;
  /** Where an archive puts each stanza in the order of all, in microseconds; absent for what is not from an archive. */
  readonly positions?: readonly (number | undefined)[];
}

interface Found {
  readonly at: number;
  readonly envelope: Envelope;
  readonly payload: ReactionsPayload;
}

const keyOf = (holder: ReactionHolder): string =>
  holder.messageId === undefined
    ? JSON.stringify([holder.conversation, holder.target, holder.sender])
    : JSON.stringify([holder.messageId, holder.sender]);

const isOfRoom = ({ message, room }: Envelope): boolean =>
  message.attrs.type === "groupchat" && room !== undefined;

/** The holder that a change belongs to. */
const holderOf = ({
  messageId,
  conversation,
  target,
  sender,
}: Pick<ReactionChange, "messageId" | "conversation" | "target" | "sender">): ReactionHolder =>
  messageId === undefined ? { conversation, target, sender } : { messageId, sender };

/** Takes reactions into the ledger, each once, whichever ways they come, and tells whose set has changed. */
export class ReactionIntake {
  readonly #store: ReactionStore;

  constructor(store: ReactionStore) {
    this.#store = store;
  }

  /**
   * Takes in stanzas that may carry reactions, in their order.
   *
   * @returns for each, whether it was one that was kept or known
   */
  takeAll(
    account: ReactingAccount,
    envelopes: readonly Envelope[],
    batch: ReactionBatch,
  ): Promise<boolean[]> {
    const accepted = envelopes.map(() => false);
    const found: Found[] = [];
    for (const [at, envelope] of envelopes.entries()) {
      const payload = this.#read(envelope);
      if (!payload) continue;
      accepted[at] = true;
      if (this.#fits(envelope, payload)) found.push({ at, envelope, payload });
    }
    if (found.length === 0) return Promise.resolve(accepted);
    return this.#store.unit(async () => {
      await this.#keep(account, found, batch);
      return accepted;
    });
  }

  /**
   * Messages have become known, by new ids or at all: what waited for them is theirs now.
   *
   * @param fresh rows of those that are new, of which their own event tells everything
   */
  async adopt(
    account: ReactingAccount,
    messages: readonly { readonly id: number; readonly conversation: string }[],
    { origin, fresh }: { readonly origin?: "live" | "catchup"; readonly fresh?: ReadonlySet<number> } = {},
  ): Promise<void> {
    if (messages.length === 0) return;
    await this.#store.unit(async () => {
      const theirs = await this.#store.waiting(
        account.id,
        messages.map(({ id }) => id),
      );
      if (theirs.length > 0) await this.#handOver(account, theirs, origin, fresh);
    });
  }

  #read(envelope: Envelope): ReactionsPayload | undefined {
    const { message, room } = envelope;
    if (message.attrs.type === "groupchat" && room === undefined) return undefined;
    return isNotToBeStored(message) ? undefined : readReactions(message);
  }

  /** No message is known by an id that is too long, and none of such a party is kept. */
  #fits({ conversation, sender, occupantId }: Envelope, { target }: ReactionsPayload): boolean {
    const { fits } = this.#store;
    return [target, conversation, sender, occupantId ?? ""].every((text) => fits?.(text) ?? true);
  }

  async #keep(account: ReactingAccount, found: readonly Found[], batch: ReactionBatch): Promise<void> {
    const targets = await this.#store.targets(
      account.id,
      found.map(({ envelope, payload }) => ({
        conversation: envelope.conversation,
        id: payload.target,
        groupchat: isOfRoom(envelope),
      })),
    );
    const candidates = found.flatMap(({ at, envelope, payload }, index): Candidate[] => {
      const message = targets[index];
      if (message?.retracted !== undefined) return []; // a retraction takes the reactions too
      const reactor = reactorOf(envelope, account);
      const change = {
        accountId: account.id,
        conversation: envelope.conversation,
        target: payload.target,
        groupchat: isOfRoom(envelope),
        messageId: message?.id,
        sender: reactor.sender,
        own: reactor.own,
        realJid: reactor.realJid,
        nick: reactor.nick,
        emojis: payload.emojis,
      };
      const place = batch.positions?.[at];
      const presentSince = reactor.byNick ? (account.presentSince?.(envelope.from) ?? null) : undefined;
      return [{ change, envelope, place, message, presentSince }];
    });
    const histories = await this.#histories(
      account,
      candidates.map(({ change }) => holderOf(change)),
    );
    const messages = new Map<number, ReactionTarget>();
    for (const candidate of candidates) {
      const { message, change } = candidate;
      if (message) messages.set(message.id, message);
      histories.get(keyOf(holderOf(change)))?.take(candidate);
    }
    await this.#settle(account, [...histories.values()], messages, batch);
  }

  /** Moves what waited to its message, where it joins what the same sender has set there. */
  async #handOver(
    account: ReactingAccount,
    theirs: readonly WaitingReaction[],
    origin: "live" | "catchup" | undefined,
    fresh: ReadonlySet<number> | undefined,
  ): Promise<void> {
    const messages = new Map(theirs.map(({ message }) => [message.id, message]));
    const gone = theirs.filter(
      ({ change: { presentSince }, message }) =>
        message.retracted !== undefined || (presentSince !== undefined && presentSince > message.timestamp),
    );
    await this.#store.remove(gone.flatMap(({ change }) => change.id ?? []));
    const kept = theirs.filter((each) => !gone.includes(each));
    const histories = await this.#histories(
      account,
      kept.map(({ change, message }) => ({ messageId: message.id, sender: change.sender })),
    );
    for (const { change, message } of kept)
      histories.get(keyOf({ messageId: message.id, sender: change.sender }))?.receive(change, message.id);
    await this.#settle(account, [...histories.values()], messages, { origin }, fresh);
  }

  async #histories(
    account: ReactingAccount,
    holders: readonly ReactionHolder[],
  ): Promise<Map<string, HolderHistory>> {
    const wanted = new Map(holders.map((holder) => [keyOf(holder), holder]));
    const histories = new Map([...wanted.keys()].map((key) => [key, new HolderHistory()]));
    if (wanted.size === 0) return histories;
    for (const change of await this.#store.changes(account.id, { holders: [...wanted.values()] }))
      histories.get(keyOf(holderOf(change)))?.load(change);
    return histories;
  }

  async #settle(
    account: ReactingAccount,
    histories: readonly HolderHistory[],
    messages: ReadonlyMap<number, ReactionTarget>,
    { origin, newsSince }: Pick<ReactionBatch, "origin" | "newsSince">,
    fresh?: ReadonlySet<number>,
  ): Promise<void> {
    const settled = histories.map((history) => history.settle());
    await this.#store.put(settled.flatMap(({ changed }) => changed));
    await this.#store.remove(settled.flatMap(({ forgotten }) => forgotten));
    for (const { difference, last } of settled) {
      const message = last?.messageId === undefined ? undefined : messages.get(last.messageId);
      if (!message || !last || !difference || fresh?.has(message.id)) continue;
      const told = origin ?? (newsSince && last.timestamp >= newsSince ? "catchup" : undefined);
      if (told === undefined) continue;
      await this.#store.tell({
        accountId: account.id,
        uid: message.uid,
        origin: told,
        sender: senderOf(last),
        ...difference,
      });
    }
  }
}
