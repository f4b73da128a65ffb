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
  readonly #sending = new Set<number>();
  readonly #onError: (error: unknown) => void;

  /**
   * @param options.onError told of failures that no caller waits for; the message stays pending
   */
  constructor(store: Store, options: { onError?: (error: unknown) => void } = {}) {
    this.#store = store;
    this.#onError = options.onError ?? (() => {});
  }

  /**
   * @returns `message` as it is stored, and `sent`, which resolves when the server has it
   */
  async send(
    account: MessagingAccount,
    message: OutgoingMessage,
  ): Promise<{ message: MessageRecord; sent: Promise<void> }> {
    const stored = await this.#lanes.run(`${account.id} ${message.conversation}`, () =>
      this.#keep(account, message),
    );
    const sent = this.#deliver(account, stored);
    sent.catch(this.#onError); // a caller that waits sees it too
    return { message: stored, sent };
  }

  /** Sends what is still pending, oldest first; to be called when a session begins. */
  async flush(account: MessagingAccount): Promise<void> {
    for (const message of await this.#store.messages.pending(account.id)) {
      this.#deliver(account, message).catch(this.#onError);
    }
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

  async #deliver(account: MessagingAccount, message: MessageRecord): Promise<void> {
    if (
      message.state !== "pending" ||
      message.raw === undefined ||
      !account.online() ||
      this.#sending.has(message.id)
    )
      return;
    this.#sending.add(message.id);
    try {
      await account.sendTracked(parseTrustedXml(message.raw));
    } catch (error) {
      // The session ended before the server had it: the next one sends it again.
      if (hasErrorType(error) && (error.type === "connection" || error.type === "not_connected")) return;
      throw error;
    } finally {
      this.#sending.delete(message.id);
    }
    await this.#store.database.write(async (unit) => {
      const current = await this.#store.messages.get(message.uid);
      if (current?.state !== "pending") return; // an error came back before the acknowledgement
      await this.#store.messages.setState(message.id, "sent");
      await unit.log("message_update", account.id, { uid: message.uid, update: "state", origin: "live" });
    });
  }
}
