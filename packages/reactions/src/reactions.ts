import { randomUUID } from "node:crypto";
import {
  type Envelope,
  Lanes,
  NotAcceptableError,
  NotConnectedError,
  StanzaError,
  UnsupportedError,
  type XmlElement,
} from "@larder/core";
import type { MessageRecord, ReactionKey, Store } from "@larder/storage";
import { normalForm, qualifyEmoji, withoutRepeats } from "./emoji.js";
import { reactionsStanza, readReactions } from "./stanza.js";

/** An account as reactions see it. */
export interface ReactingAccount {
  readonly id: number;
  /** Bare JID. */
  readonly jid: string;
  readonly online: () => boolean;
  readonly send: (stanza: XmlElement) => Promise<void>;
}

export type ReactionUpdate = "replace" | "add" | "remove" | "toggle";

/** The set that an update makes of another, compared by normal form; what stays keeps its place. */
export function applyUpdate(
  current: readonly string[],
  given: readonly string[],
  update: ReactionUpdate,
): string[] {
  const has = (set: readonly string[], emoji: string) =>
    set.some((other) => normalForm(other) === normalForm(emoji));
  const kept = current.filter((emoji) => !has(given, emoji));
  switch (update) {
    case "replace":
      return withoutRepeats(given);
    case "add":
      return withoutRepeats([...current, ...given]);
    case "remove":
      return kept;
    case "toggle":
      return withoutRepeats([...kept, ...given.filter((emoji) => !has(current, emoji))]);
  }
}

/** Reactions to messages (XEP-0444): a ledger with one row for each message and sender. */
export class Reactions {
  readonly #store: Store;
  readonly #lanes = new Lanes();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Changes the account's own reactions to a message and sends the full set. Calls for one message run
   * one after the other.
   *
   * @throws {NotAcceptableError} naming what is not exactly one emoji
   * @throws {UnsupportedError} the message has no id that reactions could name (§4.2)
   * @throws {NotConnectedError} there is no session; nothing was changed
   */
  set(
    account: ReactingAccount,
    message: MessageRecord,
    emojis: readonly string[],
    update: ReactionUpdate,
  ): Promise<void> {
    const given = emojis.map((emoji) => {
      const qualified = qualifyEmoji(emoji);
      if (qualified === undefined) throw new NotAcceptableError(`"${emoji}" is not one emoji`);
      return qualified;
    });
    return this.#lanes.run(message.uid, async () => {
      if (message.type === "groupchat") throw new UnsupportedError("reactions in rooms are not there yet");
      const target = message.originId ?? message.wireId;
      if (target === undefined)
        throw new UnsupportedError("the message has no id that a reaction could name");
      if (!account.online()) throw new NotConnectedError(account.jid);
      const key: ReactionKey = {
        accountId: account.id,
        conversation: message.conversation,
        target,
        sender: account.jid,
      };
      const current = (await this.#store.reactions.get(key))?.emojis ?? [];
      const next = applyUpdate(current, given, update);
      if (next.length === current.length && next.every((emoji, index) => emoji === current[index])) return;
      const id = randomUUID();
      await this.#store.database.write(async (unit) => {
        await this.#store.reactions.put({
          ...key,
          emojis: next,
          timestamp: new Date(),
          stanzaWireId: id,
          previousEmojis: current,
        });
        await unit.log("message_update", account.id, {
          uid: message.uid,
          update: "reactions",
          origin: "live",
        });
      });
      await account.send(
        reactionsStanza({ to: message.conversation, type: message.type, id, target, emojis: next }),
      );
    });
  }

  /**
   * Takes in the reactions of a message stanza, or the refusal of ours.
   *
   * @returns whether the stanza was about reactions
   */
  async take(account: ReactingAccount, envelope: Envelope): Promise<boolean> {
    if (envelope.message.attrs.type === "error") return this.#refused(account, envelope);
    const payload = readReactions(envelope.message);
    if (!payload) return false;
    if (envelope.message.attrs.type === "groupchat") return false;
    const timestamp = envelope.delay ?? new Date();
    const key: ReactionKey = {
      accountId: account.id,
      conversation: envelope.conversation,
      target: payload.target,
      sender: envelope.sender,
    };
    await this.#store.database.write(async (unit) => {
      const known = await this.#store.reactions.get(key);
      if (known && envelope.delay && known.timestamp > timestamp) return; // §4.1: a delayed one gives way to a newer
      await this.#store.reactions.put({ ...key, emojis: payload.emojis, timestamp });
      const before = known?.emojis ?? [];
      const same =
        before.length === payload.emojis.length && before.every((emoji) => payload.emojis.includes(emoji));
      const message = await this.#store.messages.findByWireId(account.id, key.conversation, key.target);
      if (message && !same)
        await unit.log("message_update", account.id, {
          uid: message.uid,
          update: "reactions",
          origin: "live",
        });
    });
    return true;
  }

  /** A refusal restores what stood before (§3.3); it must come from the party that the reactions went to. */
  async #refused(account: ReactingAccount, envelope: Envelope): Promise<boolean> {
    const { id } = envelope.message.attrs;
    if (id === undefined) return false;
    const { condition, type, text, retryable, message: words } = StanzaError.fromStanza(envelope.message);
    return this.#store.database.write(async (unit) => {
      const refused = await this.#store.reactions.findByStanza(account.id, id);
      if (!refused || refused.conversation !== envelope.conversation) return false;
      await this.#store.reactions.put({
        ...refused,
        emojis: refused.previousEmojis ?? [],
        stanzaWireId: undefined,
        previousEmojis: undefined,
      });
      const message = await this.#store.messages.findByWireId(
        account.id,
        refused.conversation,
        refused.target,
      );
      const error = { type, condition, ...(text !== undefined && { text }), retryable, message: words };
      if (message)
        await unit.log("message_update", account.id, {
          uid: message.uid,
          update: "reactions",
          origin: "live",
          error,
        });
      return true;
    });
  }
}
