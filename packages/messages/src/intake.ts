import { type Envelope, StanzaError } from "@larder/core";
import type { LocalisedText, MessageRecord, NewMessage, Store } from "@larder/storage";
import type { MessagingAccount } from "./account.js";
import { readMessage } from "./read-message.js";

/** The same words; a server may have stated the language of the stream, where we stated none. */
const sameTexts = (one: readonly LocalisedText[], other: readonly LocalisedText[]): boolean =>
  JSON.stringify(one.map(({ text }) => text)) === JSON.stringify(other.map(({ text }) => text));

/**
 * Takes messages into the history, once each. What it stores, the ids it learns and the event that
 * tells of it are one unit of work.
 */
export class MessageIntake {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns whether the envelope was something for the history */
  async take(account: MessagingAccount, envelope: Envelope): Promise<boolean> {
    if (envelope.message.attrs.type === "error") return this.#bounced(account, envelope);
    const message = readMessage(envelope, account.id, new Date());
    if (!message) return false;
    await this.#store.database.write(async (unit) => {
      const known = await this.#find(message);
      if (known) {
        if (message.stanzaId !== undefined && message.stanzaIdBy !== undefined) {
          await this.#store.messages.setStanzaId(known.id, message.stanzaIdBy, message.stanzaId);
        }
        return;
      }
      const { uid } = await this.#store.messages.insert(message);
      await unit.log("message_new", account.id, { uid, origin: "live" });
    });
    return true;
  }

  /** The same message that came another way: by the archive's id, else by the sender's own id. */
  async #find(message: NewMessage): Promise<MessageRecord | undefined> {
    const { messages } = this.#store;
    if (message.stanzaId !== undefined && message.stanzaIdBy !== undefined) {
      const known = await messages.findByStanzaId(message.accountId, message.stanzaIdBy, message.stanzaId);
      if (known) return known;
    }
    if (message.originId === undefined) return undefined;
    const known = await messages.findByOriginId(
      message.accountId,
      message.conversation,
      message.sender,
      message.originId,
    );
    if (known?.stanzaId === undefined || message.stanzaId === undefined) return known;
    // Two ids of the archive: sent again after a lost session (XEP-0198 §4), where it says the same; another
    // message by a sender who uses its ids twice, where it does not.
    return sameTexts(known.bodies, message.bodies) && sameTexts(known.subjects, message.subjects)
      ? known
      : undefined;
  }

  /** An error that came back for a message of ours (RFC 6120 §8.3.1): from the party it went to, or its server. */
  async #bounced(account: MessagingAccount, envelope: Envelope): Promise<boolean> {
    const { id } = envelope.message.attrs;
    if (id === undefined) return false;
    // Ids are unique for one sender's stream only: another of our clients may have used this one elsewhere.
    const party = { conversation: envelope.conversation, address: envelope.from };
    const { condition, type, text, retryable, message: words } = StanzaError.fromStanza(envelope.message);
    return this.#store.database.write(async (unit) => {
      const message = await this.#store.messages.findOutgoing(account.id, id, party);
      if (!message) return false;
      const error = { type, condition, ...(text !== undefined && { text }), retryable, message: words };
      await this.#store.messages.setState(message.id, "failed", error);
      await unit.log("message_update", account.id, {
        uid: message.uid,
        update: "error",
        origin: "live",
        error,
      });
      return true;
    });
  }
}
