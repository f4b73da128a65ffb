import type { Envelope, ReactionStore } from "@larder/core";
import type { ReactingAccount } from "./account.js";
import { type LoggedReaction, reactionLog } from "./change-log.js";
import { type ReactionBatch, ReactionIntake } from "./intake.js";
import { OwnReactions, type OwnReactionsOptions } from "./own-reactions.js";
import { type ReactionSummary, summariseReactions } from "./summary.js";
import type { ReactionUpdate } from "./update.js";

/** Reactions to messages (XEP-0444): a ledger of who has set what, where the last change of each sender stands. */
export class Reactions {
  readonly intake: ReactionIntake;
  readonly #store: ReactionStore;
  readonly #own: OwnReactions;

  constructor(store: ReactionStore, options: OwnReactionsOptions = {}) {
    this.#store = store;
    this.intake = new ReactionIntake(store);
    this.#own = new OwnReactions(store, options);
  }

  /**
   * Changes the account's own reactions to a message, tells it and sends the full set. Calls for one message run one after the
   * other. Where the session ends before the server has it, it goes out again with {@link flush}.
   *
   * @param messageId the message's row in the store
   * @throws {NotAcceptableError} naming what is not exactly one emoji, or what the other party does not take (§2.2); or the
   *   message was retracted
   * @throws {UnsupportedError} the message has no id that reactions could name (§4.2)
   * @throws {NotConnectedError} there is no session, or we are not in the room; nothing was changed
   */
  set(
    account: ReactingAccount,
    messageId: number,
    emojis: readonly string[],
    update: ReactionUpdate,
  ): Promise<void> {
    return this.#own.set(account, messageId, emojis, update);
  }

  /** Sends what no server has confirmed: whenever the account comes online, or a room was joined. */
  flush(account: ReactingAccount): Promise<void> {
    return this.#own.flush(account);
  }

  /**
   * Takes in the reactions of a message stanza, or the refusal of ours.
   *
   * @returns whether the stanza was about reactions
   */
  async take(
    account: ReactingAccount,
    envelope: Envelope,
    batch: ReactionBatch = { origin: "live" },
  ): Promise<boolean> {
    if (envelope.message.attrs.type === "error") return this.#own.refused(account, envelope);
    const [accepted] = await this.intake.takeAll(account, [envelope], batch);
    return accepted === true;
  }

  /** Where archives have put what is here, by their ids. */
  async places(
    accountId: number,
    stanzaIds: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly timestamp: Date; readonly position: number }>> {
    return stanzaIds.length === 0
      ? new Map()
      : ((await this.#store.places?.(accountId, stanzaIds)) ?? new Map());
  }

  /** What stands at a message, grouped by emoji. */
  async summary(accountId: number, messageId: number): Promise<ReactionSummary[]> {
    const standing = await this.#store.changes(accountId, { messages: [messageId], standing: true });
    return summariseReactions(standing);
  }

  /** How it came about, oldest first. */
  async log(accountId: number, messageId: number): Promise<LoggedReaction[]> {
    return reactionLog(await this.#store.changes(accountId, { messages: [messageId] }));
  }
}
