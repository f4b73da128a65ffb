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
import {
  fitsKey,
  type MessageRecord,
  type ReactionKey,
  type ReactionRecord,
  type Store,
  type UnitOfWork,
} from "@larder/storage";
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

/** How many of our own changes to one set are remembered, in case they are refused. */
const STEPS = 20;

/**
 * What stands when one of our changes is refused (XEP-0444 §3.3): the set before it, or, where a later
 * change has replaced it, that later set, which then has the older one before it.
 */
export function withoutStep(record: ReactionRecord, stanzaWireId: string): ReactionRecord {
  const steps = record.steps ?? [];
  const refused = steps.find((step) => step.stanzaWireId === stanzaWireId);
  if (!refused) return record;
  const following = steps[steps.indexOf(refused) + 1];
  return {
    ...record,
    emojis: following ? record.emojis : refused.before,
    steps: steps.flatMap((step) => {
      if (step === refused) return [];
      return step === following ? [{ ...step, before: refused.before }] : [step];
    }),
  };
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
   * @throws {ConnectionError} the session ended before they were sent; nothing was changed
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
      const id = randomUUID();
      const next = await this.#store.database.write(async (unit) => {
        const known = await this.#store.reactions.get(key);
        const before = known?.emojis ?? [];
        const emojis = applyUpdate(before, given, update);
        if (emojis.length === before.length && emojis.every((emoji, index) => emoji === before[index]))
          return undefined;
        const steps = [...(known?.steps ?? []), { stanzaWireId: id, before }].slice(-STEPS);
        await this.#store.reactions.put({ ...key, emojis, timestamp: new Date(), steps });
        await this.#tell(unit, account, message);
        return emojis;
      });
      if (next === undefined) return;
      try {
        await account.send(
          reactionsStanza({ to: message.conversation, type: message.type, id, target, emojis: next }),
        );
      } catch (error) {
        // Nobody has them: what is shown must not say otherwise.
        await this.#undo(account, [message.conversation], id);
        throw error;
      }
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
    // No message is known by such an id, and none of such a party is kept.
    if (![payload.target, envelope.conversation, envelope.sender].every(fitsKey)) return true;
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
      // Our own stanza, come back from a conversation with ourselves: it can still be refused.
      const ours = known?.steps?.at(-1)?.stanzaWireId;
      if (envelope.direction === "out" && ours !== undefined && ours === envelope.message.attrs.id) return;
      await this.#store.reactions.put({ ...key, emojis: payload.emojis, timestamp });
      const before = known?.emojis ?? [];
      const same =
        before.length === payload.emojis.length && before.every((emoji) => payload.emojis.includes(emoji));
      const message = await this.#store.messages.findByWireId(account.id, key.conversation, key.target);
      if (message && !same) await this.#tell(unit, account, message);
    });
    return true;
  }

  /** A refusal restores what stood before (§3.3); it must come from the party that the reactions went to. */
  async #refused(account: ReactingAccount, envelope: Envelope): Promise<boolean> {
    const { id } = envelope.message.attrs;
    if (id === undefined) return false;
    const { condition, type, text, retryable, message } = StanzaError.fromStanza(envelope.message);
    const error = { type, condition, ...(text !== undefined && { text }), retryable, message };
    // An error carries no mark of a private room message: there the conversation is the full address.
    return this.#undo(account, [envelope.conversation, envelope.from], id, error);
  }

  /** Takes back what one of our stanzas set. */
  #undo(
    account: ReactingAccount,
    conversations: readonly string[],
    stanzaWireId: string,
    error?: Record<string, unknown>,
  ): Promise<boolean> {
    const { database, reactions, messages } = this.#store;
    return database.write(async (unit) => {
      for (const conversation of conversations) {
        const known = await reactions.findByStanza(account.id, conversation, stanzaWireId);
        if (!known) continue;
        await reactions.put(withoutStep(known, stanzaWireId));
        const message = await messages.findByWireId(account.id, conversation, known.target);
        if (message) await this.#tell(unit, account, message, error);
        return true;
      }
      return false;
    });
  }

  #tell(
    unit: UnitOfWork,
    account: ReactingAccount,
    { uid }: MessageRecord,
    error?: Record<string, unknown>,
  ): Promise<void> {
    return unit.log("message_update", account.id, {
      uid,
      update: "reactions",
      origin: "live",
      ...(error && { error }),
    });
  }
}
