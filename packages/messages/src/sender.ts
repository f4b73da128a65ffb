import { randomUUID } from "node:crypto";
import {
  errorFieldOf,
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
    return this.#lanes.run(lane, async () => {
      const stored = await this.#keep(account, message);
      const begun = await this.#sendPending(account, message.conversation);
      // Looked up among those begun: what fails at once is no longer on its way.
      const sent = begun.get(stored.id) ?? this.#acknowledged.get(stored.id) ?? Promise.resolve();
      return { message: stored, sent };
    });
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
      const known = reply?.accountId === account.id && reply.conversation === message.conversation;
      if (message.replyTo !== undefined && !known) {
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
   *
   * @returns what it handed over, by the message's row
   */
  async #sendPending(account: MessagingAccount, conversation: string): Promise<Map<number, Promise<void>>> {
    const begun = new Map<number, Promise<void>>();
    if (!account.online()) return begun;
    for (const message of await this.#store.messages.pending(account.id, conversation)) {
      if (message.raw === undefined || this.#acknowledged.has(message.id)) continue;
      // Forgotten in the conversation's own turn: a list of pending messages that was read before may still have it.
      const acknowledged = this.#transmit(account, message, parseTrustedXml(message.raw)).finally(
        () =>
          void this.#lanes.run(laneOf(account, conversation), async () =>
            this.#acknowledged.delete(message.id),
          ),
      );
      acknowledged.catch(this.#onError); // a caller that waits sees it too
      this.#acknowledged.set(message.id, acknowledged);
      begun.set(message.id, acknowledged);
    }
    return begun;
  }

  async #transmit(account: MessagingAccount, message: MessageRecord, stanza: XmlElement): Promise<void> {
    try {
      await account.sendTracked(stanza);
    } catch (error) {
      // The session ended before the server had it: it goes out again in the next one.
      if (hasErrorType(error) && (error.type === "connection" || error.type === "not_connected")) return;
      // XML or a limit of the server does not allow it: no later attempt would end differently.
      if (hasErrorType(error) && error.type === "not_acceptable") {
        await this.#settle(account, message, "failed", errorFieldOf(error));
      }
      throw error;
    }
    await this.#settle(account, message, "sent");
  }

  /** Says how it ended, and tells it. */
  async #settle(
    account: MessagingAccount,
    { id, uid }: MessageRecord,
    state: "sent" | "failed",
    error?: object,
  ): Promise<void> {
    await this.#store.database.write(async (unit) => {
      const current = await this.#store.messages.get(uid);
      if (current?.state !== "pending") return; // an error came back before the acknowledgement
      await this.#store.messages.setState(id, state, error);
      const update = error ? { update: "error", error } : { update: "state" };
      await unit.log("message_update", account.id, { uid, ...update, origin: "live" });
    });
  }
}
