import { randomUUID } from "node:crypto";
import {
  type DisplayedMark,
  displayedStanza,
  isMarkable,
  parseTrustedXml,
  publishDisplayedMark,
  StanzaError,
} from "@larder/core";
import type { MessageRecord, Store } from "@larder/storage";
import type { ConnectedAccount } from "./account.js";

/** Messages before one that asks for no marker among which another one is looked for. */
const MAX_LOOKED_BACK = 50;

const isMarkableRecord = ({ direction, raw }: MessageRecord): boolean =>
  direction === "in" && raw !== undefined && isMarkable(parseTrustedXml(raw));

/**
 * How far conversations are displayed: told to the other side where it asks (XEP-0333) and to our other devices
 * (XEP-0490), and taken in from those.
 */
export class DisplayedMarks {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Everything up to this message has been displayed. Who is to know of it is told while the account is online; a mark
   * that did not change anything is not told again.
   *
   * @returns whether it changed anything
   */
  async mark(account: ConnectedAccount, message: MessageRecord): Promise<boolean> {
    const { conversation } = message;
    const before = await this.#store.conversations.get(account.id, conversation);
    const moved = await this.#store.conversations.displayed(account.id, conversation, message);
    if (!moved || !account.online()) return moved;
    const { stanzaId, stanzaIdBy } = message;
    const marked = await this.#markable(message, before?.displayedPosition);
    if (marked) await this.#tellSender(account, marked);
    if (stanzaId !== undefined && stanzaIdBy !== undefined)
      await publishDisplayedMark(account.requester, { conversation, stanzaId, by: stanzaIdBy }).catch(
        (error: unknown) => {
          if (!(error instanceof StanzaError)) throw error; // a server without such nodes: it is displayed here all the same
        },
      );
    return moved;
  }

  /**
   * The last message up to this one whose sender asks for a marker (XEP-0333 §4.1): that of another one says nothing to them.
   *
   * @param displayed up to there markers were sent already
   */
  async #markable(message: MessageRecord, displayed: number | undefined): Promise<MessageRecord | undefined> {
    if (isMarkableRecord(message)) return message;
    const { accountId, conversation, uid } = message;
    const { messages } = await this.#store.messages.history({
      accountId,
      conversation,
      before: uid,
      direction: "in",
      limit: MAX_LOOKED_BACK,
    });
    const last = messages.findLast(isMarkableRecord);
    return last && (displayed === undefined || last.position > displayed) ? last : undefined;
  }

  async #tellSender(account: ConnectedAccount, message: MessageRecord): Promise<void> {
    const groupchat = message.type === "groupchat";
    const id = groupchat ? message.stanzaId : message.wireId;
    if (id === undefined) return;
    const type = groupchat ? "groupchat" : "chat";
    await account.send(displayedStanza(message.conversation, type, id, randomUUID()));
  }

  /** What another device of ours has displayed. Its message may not be here yet: then the mark waits for it. */
  async take(account: ConnectedAccount, mark: DisplayedMark): Promise<void> {
    const { conversation, stanzaId, by } = mark;
    // The archive's or the room's ids alone count (XEP-0490 §3).
    if (by !== account.jid && by !== conversation) return;
    const type = by === account.jid ? "chat" : "groupchat";
    const found = await this.#store.messages.findByStanzaId(account.id, by, stanzaId);
    if (found && found.conversation !== conversation) return;
    if (found) await this.#store.conversations.displayed(account.id, conversation, found);
    else await this.#store.conversations.displayedElsewhere(account.id, conversation, type, stanzaId, by);
  }

  /** Looks for the messages of marks that came before them. */
  async resolve(account: ConnectedAccount): Promise<void> {
    for (const { jid, stanzaId, by } of await this.#store.conversations.awaitingMark(account.id)) {
      const found = await this.#store.messages.findByStanzaId(account.id, by, stanzaId);
      if (found?.conversation === jid) await this.#store.conversations.displayed(account.id, jid, found);
    }
  }
}
