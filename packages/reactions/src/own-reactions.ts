import { randomUUID } from "node:crypto";
import {
  type Envelope,
  errorFieldOf,
  hasErrorType,
  Lanes,
  NotAcceptableError,
  NotConnectedError,
  type ReactedMessage,
  type ReactionChange,
  type ReactionStore,
  StanzaError,
  UnsupportedError,
} from "@larder/core";
import type { ReactingAccount } from "./account.js";
import { normalForm, qualifyEmoji } from "./emoji.js";
import { HolderHistory } from "./holder-history.js";
import { ownSender } from "./reactor.js";
import { checkRestrictions } from "./restrictions.js";
import { senderOf } from "./sender.js";
import { reactionsStanza } from "./stanza.js";
import { applyUpdate, type ReactionUpdate } from "./update.js";

export interface OwnReactionsOptions {
  /** Told of failures that no caller waits for; what could not be sent goes out with the next session. */
  readonly onError?: (error: unknown) => void;
}

const roomOf = (conversation: string): string => conversation.split("/")[0] ?? conversation;

/** The id by which we name a message (XEP-0444 §4.2): in rooms the room's and never another. */
const targetIn = (message: ReactedMessage): string | undefined =>
  message.type === "groupchat"
    ? message.roomStanzaId
    : (message.standsFor ?? message.originId ?? message.wireId);

/** The account's own reactions: each set is kept and told, then sent in full; a refused one is taken back. */
export class OwnReactions {
  readonly #store: ReactionStore;
  readonly #onError: (error: unknown) => void;
  /** One for each message: concurrent calls end in the right set and one order of stanzas. */
  readonly #lanes = new Lanes();
  /** Stanzas on their way to the server, by their ids. */
  readonly #onTheirWay = new Set<string>();

  constructor(store: ReactionStore, options: OwnReactionsOptions = {}) {
    this.#store = store;
    this.#onError = options.onError ?? (() => {});
  }

  /**
   * Changes the account's own reactions to a message.
   *
   * @param messageId the message's row
   * @throws {NotAcceptableError} naming what is not exactly one emoji, or what the other party does not take; or the message
   *   was retracted
   * @throws {UnsupportedError} the message has no id that reactions could name (§4.2)
   * @throws {NotConnectedError} there is no session, or we are not in the room; nothing was changed
   */
  set(
    account: ReactingAccount,
    messageId: number,
    emojis: readonly string[],
    update: ReactionUpdate,
  ): Promise<void> {
    const given = emojis.map((emoji) => {
      const qualified = qualifyEmoji(emoji);
      if (qualified === undefined) throw new NotAcceptableError(`"${emoji}" is not one emoji`);
      return qualified;
    });
    return this.#lanes.run(String(messageId), async () => {
      const { message, target } = await this.#reactable(account, messageId);
      const restrictions = await account.restrictions?.(message.conversation).catch(() => undefined);
      const change = await this.#store.unit(async () => {
        const { sender, history } = await this.#ownHistory(account, message);
        const next = applyUpdate(history.standing, given, update);
        if (sameSet(next, history.standing)) return undefined;
        if (restrictions && next.some((emoji) => !history.standing.includes(emoji)))
          checkRestrictions(next, restrictions);
        const { conversation, type } = message;
        const groupchat = type === "groupchat";
        const inRoom = account.room?.(roomOf(conversation)) !== undefined;
        const made = {
          accountId: account.id,
          conversation,
          target,
          groupchat,
          messageId,
          sender,
          own: true,
          ...(inRoom && { realJid: account.jid }),
          emojis: next,
          wireId: randomUUID(),
          state: "pending" as const,
        };
        history.add(made, new Date());
        await this.#keep(message, history);
        return made;
      });
      if (change) this.#send(account, change, message);
    });
  }

  /**
   * Sends what no server has confirmed; to be called whenever the account comes online, or a room was joined. Of several
   * changes at one message the last says everything.
   */
  async flush(account: ReactingAccount): Promise<void> {
    const pending = await this.#store.changes(account.id, { pending: true });
    const messages = new Set(pending.flatMap(({ messageId }) => messageId ?? []));
    await Promise.all(
      [...messages].map((id) => this.#lanes.run(String(id), () => this.#resend(account, id))),
    );
  }

  /** An error for one of our stanzas (§3.3); it must come from the party that they went to. @returns whether it was one */
  async refused(account: ReactingAccount, envelope: Envelope): Promise<boolean> {
    const { id } = envelope.message.attrs;
    if (!id) return false;
    const error = StanzaError.fromStanza(envelope.message);
    // An error carries no mark of a private room message: there the conversation is the full address.
    return this.#takeBack(account, id, [envelope.conversation, envelope.from], errorFieldOf(error));
  }

  async #reactable(
    account: ReactingAccount,
    messageId: number,
  ): Promise<{ message: ReactedMessage; target: string }> {
    const message = await this.#store.message(messageId);
    if (!message || message.accountId !== account.id)
      throw new UnsupportedError("this account has no such message");
    if (message.retracted) throw new NotAcceptableError("the message was taken back");
    const target = targetIn(message);
    if (target === undefined)
      throw new UnsupportedError(
        message.type === "groupchat"
          ? "the room has given the message no id that a reaction could name (XEP-0444 §4.2)"
          : "the message has no id that a reaction could name",
      );
    if (!account.online()) throw new NotConnectedError(account.jid);
    if (!canReach(account, message)) throw new NotConnectedError(`${account.jid} in ${message.conversation}`);
    return { message, target };
  }

  /** What we have set before, under whatever name the room had for us then. */
  async #ownHistory(
    account: ReactingAccount,
    { id, conversation }: ReactedMessage,
  ): Promise<{ sender: string; history: HolderHistory }> {
    const standing = await this.#store.changes(account.id, { messages: [id], standing: true });
    const sender = standing.find(({ own }) => own)?.sender ?? ownSender(account, conversation);
    const history = new HolderHistory();
    for (const change of await this.#store.changes(account.id, { holders: [{ messageId: id, sender }] }))
      history.load(change);
    return { sender, history };
  }

  async #keep(message: ReactedMessage, history: HolderHistory, error?: object): Promise<void> {
    const { changed, forgotten, difference, last } = history.settle();
    await this.#store.put(changed);
    await this.#store.remove(forgotten);
    if (!difference || !last) return;
    await this.#store.tell({
      accountId: message.accountId,
      uid: message.uid,
      origin: "live",
      sender: senderOf(last),
      ...difference,
      ...(error && { error: { ...error } }),
    });
  }

  #send(account: ReactingAccount, change: OwnChange, message: ReactedMessage): void {
    const { wireId, conversation, target, emojis } = change;
    const stanza = reactionsStanza({
      to: conversation,
      type: message.type === "headline" ? "chat" : message.type, // a headline would be lost on whoever is offline
      id: wireId,
      target,
      emojis,
      noStore: message.noStore,
      throughRoom: message.type !== "groupchat" && conversation.includes("/"),
    });
    this.#onTheirWay.add(wireId);
    const settled = account.sendTracked(stanza).then(
      () => this.#confirm(account, message.id, change),
      async (error: unknown) => {
        // The session ended before the server had it: it goes out again in the next one.
        if (hasErrorType(error) && (error.type === "connection" || error.type === "not_connected")) return;
        await this.#takeBack(account, wireId, [conversation], errorFieldOf(error));
      },
    );
    settled.catch(this.#onError).finally(() => this.#onTheirWay.delete(wireId));
  }

  /** The server has it. */
  async #confirm(account: ReactingAccount, messageId: number, { sender, wireId }: OwnChange): Promise<void> {
    await this.#store.unit(async () => {
      const changes = await this.#store.changes(account.id, { holders: [{ messageId, sender }] });
      const known = changes.find((change) => change.wireId === wireId && change.state === "pending");
      if (known) await this.#store.put([{ ...known, state: "sent" }]);
    });
  }

  async #resend(account: ReactingAccount, messageId: number): Promise<void> {
    if (!account.online()) return;
    const message = await this.#store.message(messageId);
    if (!message || !canReach(account, message)) return;
    const changes = await this.#store.changes(account.id, { messages: [messageId] });
    const pending = changes.filter(({ state }) => state === "pending");
    const superseded = pending.filter(({ stands, wireId }) => !stands && !this.#onTheirWay.has(wireId ?? ""));
    await this.#store.put(superseded.map((change) => ({ ...change, state: "sent" })));
    const last = pending.find(({ stands }) => stands);
    if (last?.wireId === undefined || this.#onTheirWay.has(last.wireId)) return;
    this.#send(account, { ...last, wireId: last.wireId }, message);
  }

  /** Takes back what one of our stanzas set. */
  #takeBack(
    account: ReactingAccount,
    wireId: string,
    conversations: readonly string[],
    error: object,
  ): Promise<boolean> {
    return this.#store.unit(async () => {
      const [change] = await this.#store.changes(account.id, { sentAs: wireId, to: conversations });
      if (change?.messageId === undefined) return change !== undefined;
      const { messageId, sender } = change;
      const message = await this.#store.message(messageId);
      const history = new HolderHistory();
      for (const each of await this.#store.changes(account.id, { holders: [{ messageId, sender }] }))
        history.load(each);
      if (message && history.refuse(wireId)) await this.#keep(message, history, error);
      return true;
    });
  }
}

type OwnChange = Pick<ReactionChange, "conversation" | "target" | "emojis" | "sender"> & {
  readonly wireId: string;
};

/** A room takes what we say only while we are in it. */
function canReach(account: ReactingAccount, { conversation, type }: ReactedMessage): boolean {
  const room = account.room?.(roomOf(conversation));
  return room ? room.joined : type !== "groupchat";
}

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length &&
  one.every((emoji) => other.some((each) => normalForm(each) === normalForm(emoji)));
