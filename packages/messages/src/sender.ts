import { randomUUID } from "node:crypto";
import {
  hasErrorType,
  InvalidParamsError,
  Lanes,
  NS_CLIENT,
  NS_REPLY,
  NS_SID,
  parseTrustedXml,
  type XmlElement,
  xml,
} from "@larder/core";
import type { LocalisedText, MessageRecord, Store } from "@larder/storage";
import type { MessagingAccount } from "./account.js";

/** A message to send. */
export interface OutgoingMessage {
  readonly to: string;
  /** Bare JID of the other party. */
  readonly conversation: string;
  readonly bodies: readonly LocalisedText[];
  readonly subject?: string;
  readonly type: "chat" | "normal" | "groupchat";
  readonly thread?: string;
  /** Uid of the message it answers (XEP-0461). */
  readonly replyTo?: string;
  /** The same id within 24 h sends once. */
  readonly requestId?: string;
}

const laneOf = (account: MessagingAccount, conversation: string) =>
  JSON.stringify([account.id, conversation]);

const texts = (name: string, entries: readonly LocalisedText[]) =>
  entries.map(({ lang, text }) => xml(name, { "xml:lang": lang || undefined }, text));

/** The stanza of a message; its id is its origin-id too (XEP-0359 §3.2), so that it is known again however it returns. */
function stanzaOf(message: OutgoingMessage, id: string, reply: MessageRecord | undefined): XmlElement {
  const replyId = reply && (reply.originId ?? reply.wireId);
  return xml(
    "message",
    { xmlns: NS_CLIENT, to: message.to, type: message.type, id },
    texts("subject", message.subject === undefined ? [] : [{ lang: "", text: message.subject }]),
    texts("body", message.bodies),
    message.thread !== undefined && xml("thread", {}, message.thread),
    reply && replyId && xml("reply", { xmlns: NS_REPLY, to: reply.from, id: replyId }),
    xml("origin-id", { xmlns: NS_SID, id }),
  );
}

/**
 * Sends messages. Each stands in the history as pending before it goes out, becomes sent when the
 * server has acknowledged it, and goes out again under the same id where that never came.
 */
export class MessageSender {
  readonly #store: Store;
  readonly #lanes = new Lanes();
  /** What is on its way, by the message's row; each ends with the acknowledgement. */
  readonly #acknowledged = new Map<number, Promise<void>>();
  readonly #onError: (error: unknown) => void;

  /**
   * @param options.onError told of failures that no caller waits for; the message stays pending
   */
  constructor(store: Store, options: { onError?: (error: unknown) => void } = {}) {
    this.#store = store;
    this.#onError = options.onError ?? (() => {});
  }

  /**
   * @returns `message` as it is stored, and `sent`, which resolves when the server has it or the
   *   account turns out to be offline
   * @throws {InvalidParamsError} `replyTo` names no message of this conversation
   */
  async send(
    account: MessagingAccount,
    message: OutgoingMessage,
  ): Promise<{ message: MessageRecord; sent: Promise<void> }> {
    const lane = laneOf(account, message.conversation);
    const stored = await this.#lanes.run(lane, () => this.#keep(account, message));
    await this.#lanes.run(lane, () => this.#sendPending(account, message.conversation));
    return { message: stored, sent: this.#acknowledged.get(stored.id) ?? Promise.resolve() };
  }

  /** Sends what is still pending; to be called whenever the account comes online. */
  async flush(account: MessagingAccount): Promise<void> {
    const conversations = await this.#store.messages.pendingConversations(account.id);
    await Promise.all(
      conversations.map((conversation) =>
        this.#lanes.run(laneOf(account, conversation), () => this.#sendPending(account, conversation)),
      ),
    );
  }

  #keep(account: MessagingAccount, message: OutgoingMessage): Promise<MessageRecord> {
    return this.#store.database.write(async (unit) => {
      if (message.requestId !== undefined) {
        const uid = await this.#store.sendRequests.find(account.id, message.requestId);
        const earlier = uid === undefined ? undefined : await this.#store.messages.get(uid);
        if (earlier) return earlier;
      }
      const reply =
        message.replyTo === undefined ? undefined : await this.#store.messages.get(message.replyTo);
      if (message.replyTo !== undefined && reply?.conversation !== message.conversation) {
        throw new InvalidParamsError(
          "replyTo",
          `replyTo: no message of this conversation has the uid ${message.replyTo}`,
        );
      }
      const now = new Date();
      const id = randomUUID();
      const stored = await this.#store.messages.insert({
        accountId: account.id,
        conversation: message.conversation,
        direction: "out",
        type: message.type,
        from: account.jid,
        to: message.to,
        sender: account.jid,
        wireId: id,
        originId: id,
        thread: message.thread,
        replyToId: reply && (reply.originId ?? reply.wireId),
        timestamp: now,
        receivedAt: now,
        state: "pending",
        delayed: false,
        raw: stanzaOf(message, id, reply).toString(),
        extra: {},
        bodies: message.bodies,
        subjects: message.subject === undefined ? [] : [{ lang: "", text: message.subject }],
      });
      if (message.requestId !== undefined)
        await this.#store.sendRequests.remember(account.id, message.requestId, stored.uid);
      await unit.log("message_new", account.id, { uid: stored.uid, origin: "live" });
      return stored;
    });
  }

  /**
   * Hands every pending message of a conversation to the session, in their order, and does not wait for
   * the acknowledgements. What waits from a time offline so goes before what was written since.
   */
  async #sendPending(account: MessagingAccount, conversation: string): Promise<void> {
    if (!account.online()) return;
    for (const message of await this.#store.messages.pending(account.id, conversation)) {
      if (message.raw === undefined || this.#acknowledged.has(message.id)) continue;
      const acknowledged = this.#transmit(account, message, parseTrustedXml(message.raw)).finally(() =>
        this.#acknowledged.delete(message.id),
      );
      acknowledged.catch(this.#onError); // a caller that waits sees it too
      this.#acknowledged.set(message.id, acknowledged);
    }
  }

  async #transmit(account: MessagingAccount, message: MessageRecord, stanza: XmlElement): Promise<void> {
    try {
      await account.sendTracked(stanza);
    } catch (error) {
      // The session ended before the server had it: it goes out again in the next one.
      if (hasErrorType(error) && (error.type === "connection" || error.type === "not_connected")) return;
      throw error;
    }
    await this.#store.database.write(async (unit) => {
      const current = await this.#store.messages.get(message.uid);
      if (current?.state !== "pending") return; // an error came back before the acknowledgement
      await this.#store.messages.setState(message.id, "sent");
      await unit.log("message_update", account.id, { uid: message.uid, update: "state", origin: "live" });
    });
  }
}
