import { randomUUID } from "node:crypto";
import {
  errorFieldOf,
  ForbiddenError,
  hasErrorType,
  InvalidParamsError,
  Lanes,
  parseTrustedXml,
  retractionStanza,
  UnsupportedError,
} from "@larder/core";
import type { LocalisedText, MessageRecord, Store } from "@larder/storage";
import type { MessagingAccount } from "./account.js";
import { WordsDigest } from "./digest.js";
import { outgoingStanza, payloadsOf, replyIdOf } from "./outgoing-stanza.js";

/** A message to send. */
export interface OutgoingMessage {
  readonly to: string;
  /** Bare JID of the other party; `room/nick` for private room messages. */
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

/** Ids of stanzas that are remembered as sent once more. */
const MAX_SENT_AGAIN = 1000;

const laneOf = (account: MessagingAccount, conversation: string) =>
  JSON.stringify([account.id, conversation]);

/**
 * Sends messages. Each stands in the history as pending before it goes out, becomes sent when the
 * server has acknowledged it, and goes out again under the same id where that never came.
 */
export class MessageSender {
  readonly #store: Store;
  readonly #lanes = new Lanes();
  /** What is on its way, by the message's row; each ends with the acknowledgement. */
  readonly #acknowledged = new Map<number, Promise<void>>();
  /** Rows of what was handed to a session, whether or not that ended since, until the server has it. */
  readonly #handedOver = new Set<number>();
  /** The transmission of each message that counts: what an earlier one ends with says nothing any more. */
  readonly #transmissions = new Map<number, symbol>();
  /** Ids of stanzas that went out once more because a room had lost us; the latest {@link MAX_SENT_AGAIN}. */
  readonly #sentAgain = new Set<string>();
  /** Of what was written before, nobody knows any more whether it went out. */
  readonly #since = Date.now();
  readonly #onError: (error: unknown) => void;
  readonly #digest: WordsDigest;

  /**
   * @param options.onError told of failures that no caller waits for; the message stays pending
   * @param options.digestKey the same as that of the {@link MessageIntake}
   */
  constructor(store: Store, options: { onError?: (error: unknown) => void; digestKey?: Uint8Array } = {}) {
    this.#store = store;
    this.#digest = new WordsDigest(options.digestKey);
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

  /**
   * Sends what is still pending; to be called whenever the account comes online.
   *
   * @param only the one conversation that can be sent to now: a room that was joined
   */
  async flush(account: MessagingAccount, only?: string): Promise<void> {
    const pending = await this.#store.messages.pendingConversations(account.id);
    const conversations =
      only === undefined ? pending : pending.filter((conversation) => conversation === only);
    await Promise.all(
      conversations.map((conversation) =>
        this.#lanes.run(laneOf(account, conversation), () => this.#sendPending(account, conversation)),
      ),
    );
  }

  /**
   * Says something else in place of one of our own messages (XEP-0308). It stands so at once, and goes out like a message.
   *
   * @throws {ForbiddenError} it is not ours, or was retracted
   * @throws {UnsupportedError} it has no id that a correction could name
   */
  async correct(
    account: MessagingAccount,
    message: MessageRecord,
    body: string,
  ): Promise<{ sent: Promise<void> }> {
    return this.#change(account, message, async (current, id) => {
      if (current.retracted !== undefined) throw new ForbiddenError("the message was retracted");
      if (current.wireId === undefined)
        throw new UnsupportedError("the message has no id that a correction could name");
      const bodies = [{ lang: current.bodies[0]?.lang ?? "", text: body }];
      const unsent = this.#neverWentOut(current); // then it says the new text from the beginning
      const { subjects, conversation, type, to, thread } = current;
      const raw = outgoingStanza({
        to: type === "groupchat" ? conversation : to,
        type,
        id: unsent ? current.wireId : id,
        bodies,
        subjects,
        thread,
        throughRoom: type !== "groupchat" && conversation.includes("/"),
        payloads: payloadsOf(current.raw),
        ...(!unsent && { corrects: current.wireId }),
      }).toString();
      const digest = unsent ? this.#digest.of({ bodies, subjects }) : this.#digest.before(current);
      await this.#store.messages.correct(current.id, {
        bodies,
        subjects,
        timestamp: new Date(),
        raw,
        digest,
      });
      return { update: "correction", known: !unsent };
    });
  }

  /** The other side cannot have any of it: not even what was lost with a session, or with this program's last run. */
  #neverWentOut({ id, state, raw, wireId, receivedAt }: MessageRecord): boolean {
    if (state !== "pending" || raw === undefined || this.#handedOver.has(id)) return false;
    return receivedAt.getTime() >= this.#since && parseTrustedXml(raw).attrs.id === wireId;
  }

  /**
   * Takes one of our own messages back (XEP-0424): its text goes from here at once, and the others are asked to do the same.
   *
   * @throws {ForbiddenError} it is not ours
   * @throws {UnsupportedError} it has no id that a retraction could name: in a room, one that the room gave
   */
  async retract(account: MessagingAccount, message: MessageRecord): Promise<{ sent: Promise<void> }> {
    if (message.retracted !== undefined) return { sent: Promise.resolve() };
    return this.#change(account, message, async (current, id) => {
      const groupchat = current.type === "groupchat";
      const target = groupchat ? current.stanzaId : (current.wireId ?? current.originId);
      if (target === undefined)
        throw new UnsupportedError("the message has no id yet that a retraction could name");
      const { conversation, type, to, originId } = current;
      const raw = retractionStanza({ to: groupchat ? conversation : to, type, id, target, originId });
      await this.#store.messages.retract(current.id, new Date(), this.#digest.before(current));
      await this.#store.messages.setRaw(current.id, raw.toString());
      return { update: "retraction" };
    });
  }

  /** Changes one of our messages here, and sends what tells the others. The message is pending until the server has that. */
  #change(
    account: MessagingAccount,
    message: MessageRecord,
    change: (
      current: MessageRecord,
      id: string,
    ) => Promise<{ update: "correction" | "retraction"; known?: boolean }>,
  ): Promise<{ sent: Promise<void> }> {
    return this.#lanes.run(laneOf(account, message.conversation), async () => {
      await this.#store.database.write(async (unit) => {
        const current = (await this.#store.messages.get(message.uid)) ?? message;
        if (current.direction !== "out" || current.accountId !== account.id)
          throw new ForbiddenError("only messages of one's own can be changed");
        const id = randomUUID();
        const { update, known = true } = await change(current, id);
        const base = { messageId: current.id, accountId: account.id, conversation: current.conversation };
        if (known)
          await this.#store.aliases.add({
            ...base,
            kind: "wire",
            value: id,
            givenBy: current.sender,
            correction: true,
          });
        await this.#store.messages.setState(current.id, "pending");
        await unit.log("message_update", account.id, { uid: current.uid, update, origin: "live" });
      });
      this.#acknowledged.delete(message.id); // what is on its way is the stanza before
      const begun = await this.#sendPending(account, message.conversation);
      return { sent: begun.get(message.id) ?? Promise.resolve() };
    });
  }

  /**
   * A room has not taken a message because it had lost us: it is to go out once more, and no further time, when the room is
   * joined.
   *
   * @returns whether it waits for that
   */
  again(
    account: MessagingAccount,
    party: { readonly conversation: string; readonly address: string },
    id: string,
  ): Promise<boolean> {
    const { conversation } = party;
    return this.#lanes.run(laneOf(account, conversation), async () => {
      const key = JSON.stringify([account.id, id]);
      if (this.#sentAgain.has(key)) return false;
      const { messages } = this.#store;
      const named = await messages.byWireNames(account.id, [{ conversation, id }], { direction: "out" });
      const records = await messages.byIds(named.map((head) => head.id));
      const message = records.find(({ raw }) => raw !== undefined && parseTrustedXml(raw).attrs.id === id);
      if (!message || (message.state !== "sent" && message.state !== "pending")) return false;
      this.#sentAgain.add(key);
      for (const oldest of this.#sentAgain) {
        if (this.#sentAgain.size <= MAX_SENT_AGAIN) break;
        this.#sentAgain.delete(oldest);
      }
      this.#acknowledged.delete(message.id);
      this.#transmissions.delete(message.id);
      if (message.state === "pending") return true;
      await this.#store.database.write(async (unit) => {
        await messages.setState(message.id, "pending");
        await unit.log("message_update", account.id, { uid: message.uid, update: "state", origin: "live" });
      });
      return true;
    });
  }

  /** Fails what waits to be said in a room, or through it: the room does not want us any more. */
  async refuse(account: MessagingAccount, room: string, error: object): Promise<void> {
    const { messages, database } = this.#store;
    const conversations = await messages.pendingConversations(account.id);
    for (const conversation of conversations)
      if (conversation === room || conversation.startsWith(`${room}/`))
        await this.#lanes.run(laneOf(account, conversation), () =>
          database.write(async (unit) => {
            for (const { id, uid } of await messages.pending(account.id, conversation)) {
              if (this.#acknowledged.has(id)) continue; // on its way: the room or its server will answer
              await messages.setState(id, "failed", error);
              await unit.log("message_update", account.id, { uid, update: "error", error, origin: "live" });
            }
          }),
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
      const subjects = message.subject === undefined ? [] : [{ lang: "", text: message.subject }];
      const { to, type, bodies, thread, conversation } = message;
      const groupchat = type === "groupchat";
      const nick = groupchat ? account.nickIn?.(conversation) : undefined;
      const self = nick === undefined ? account.jid : `${conversation}/${nick}`;
      const throughRoom = conversation.includes("/");
      const stored = await this.#store.messages.insert({
        accountId: account.id,
        conversation,
        direction: "out",
        type,
        from: self,
        to,
        sender: self,
        wireId: id,
        originId: id,
        thread,
        replyToId: replyIdOf(reply),
        timestamp: now,
        receivedAt: now,
        state: "pending",
        delayed: false,
        nick,
        raw: outgoingStanza({ to, type, id, bodies, subjects, thread, reply, throughRoom }).toString(),
        extra: {},
        bodies,
        subjects,
        digest: this.#digest.of({ bodies, subjects }),
      });
      await this.#store.conversations.note(account.id, [
        {
          jid: conversation,
          type: groupchat ? "groupchat" : "chat",
          last: stored,
          incoming: [],
          seen: stored,
        },
      ]);
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
    const room = conversation.split("/")[0] ?? conversation;
    for (const message of await this.#store.messages.pending(account.id, conversation)) {
      if (message.raw === undefined || this.#acknowledged.has(message.id)) continue;
      const inRoom = message.type === "groupchat" || conversation.includes("/");
      if (inRoom && account.isInRoom?.(room) === false) continue; // it would only come back: it waits for the room
      // Forgotten in the conversation's own turn: a list of pending messages that was read before may still have it.
      const transmission = Symbol(message.uid);
      this.#transmissions.set(message.id, transmission);
      const acknowledged = this.#transmit(account, message, message.raw, transmission).finally(
        () =>
          void this.#lanes.run(laneOf(account, conversation), async () => {
            if (this.#acknowledged.get(message.id) === acknowledged) this.#acknowledged.delete(message.id);
            if (this.#transmissions.get(message.id) === transmission) this.#transmissions.delete(message.id);
          }),
      );
      acknowledged.catch(this.#onError); // a caller that waits sees it too
      this.#acknowledged.set(message.id, acknowledged);
      this.#handedOver.add(message.id);
      begun.set(message.id, acknowledged);
    }
    return begun;
  }

  async #transmit(
    account: MessagingAccount,
    message: MessageRecord,
    raw: string,
    transmission: symbol,
  ): Promise<void> {
    const counts = () => this.#transmissions.get(message.id) === transmission;
    try {
      await account.sendTracked(parseTrustedXml(raw));
    } catch (error) {
      // The session ended before the server had it: it goes out again in the next one.
      if (hasErrorType(error) && (error.type === "connection" || error.type === "not_connected")) return;
      // XML or a limit of the server does not allow it: no later attempt would end differently.
      if (hasErrorType(error) && error.type === "not_acceptable" && counts()) {
        await this.#settle(account, message, "failed", errorFieldOf(error));
      }
      throw error;
    }
    if (counts()) await this.#settle(account, message, "sent");
  }

  /** Says how it ended, and tells it. */
  async #settle(
    account: MessagingAccount,
    { id, uid, raw }: MessageRecord,
    state: "sent" | "failed",
    error?: object,
  ): Promise<void> {
    await this.#store.database.write(async (unit) => {
      const current = await this.#store.messages.get(uid);
      if (current?.state !== "pending") return; // an error came back before the acknowledgement
      if (current.raw !== raw) return; // it was corrected or retracted meanwhile, and that is on its way
      await this.#store.messages.setState(id, state, error);
      this.#handedOver.delete(id);
      const update = error ? { update: "error", error } : { update: "state" };
      await unit.log("message_update", account.id, { uid, ...update, origin: "live" });
    });
  }
}
