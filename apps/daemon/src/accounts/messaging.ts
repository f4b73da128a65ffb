import {
  bareJid,
  type Envelope,
  type EnvelopeOptions,
  getItems,
  moderationRequest,
  NS_BOOKMARKS,
  NS_DISPLAYED,
  NS_MAM,
  NS_SID,
  openEnvelope,
  type PubsubEvent,
  readBookmark,
  readDisplayedMark,
  readPubsubEvents,
  receiptStanza,
  type SessionLog,
  StanzaError,
  tellsOfConfiguration,
  UnsupportedError,
  type WireItem,
  wantsReceipt,
  type XmlElement,
} from "@larder/core";
import {
  type ArchiveSync,
  BlockList,
  Bookmarks,
  type ConnectedAccount,
  type DisplayedMarks,
  isAddressable,
  type MessageIntake,
  type MessageSender,
  Rooms,
  roomSubjectOf,
  type SyncOutcome,
} from "@larder/messages";
import type { ReactingAccount, Reactions } from "@larder/reactions";
import type { AccountRecord, MessageRecord, Store } from "@larder/storage";
import { FollowUp } from "./follow-up.js";

/** What the messages of every account work with. */
export interface MessagingServices {
  readonly store: Store;
  readonly intake: MessageIntake;
  readonly sender: MessageSender;
  readonly reactions: Reactions;
  readonly archives: ArchiveSync;
  readonly marks: DisplayedMarks;
  readonly log: SessionLog;
}

/** The account as its messages see it. */
export interface MessagingOwner extends ConnectedAccount, ReactingAccount {
  readonly record: AccountRecord;
  wasKept(stanza: XmlElement): boolean;
  roomPassword(room: string): string | undefined;
  keepRoomPassword(room: string, password: string | undefined): Promise<void>;
}

/**
 * The messages of one account: what comes goes to the history, rooms are joined, and archives are read whenever something
 * may be missing.
 */
export class AccountMessaging {
  readonly rooms: Rooms;
  readonly bookmarks: Bookmarks;
  readonly blocked = new BlockList();
  readonly #owner: MessagingOwner;
  readonly #services: MessagingServices;
  /** Reads archives on, a while after something was said: only there all have their ids and their order. */
  readonly #followUp: FollowUp;
  #features: ReadonlySet<string> = new Set();
  #dropped = 0;
  #forged = 0;

  constructor(
    owner: MessagingOwner,
    services: MessagingServices,
    presenceExtra: () => readonly XmlElement[],
  ) {
    this.#owner = owner;
    this.#services = services;
    this.rooms = new Rooms(services.store, owner, {
      presenceExtra,
      onJoined: (room) => this.#inBackground("joining", this.#joined(room)),
      onRemoved: (room, error) =>
        this.#inBackground("refusing what waits", services.sender.refuse(owner, room, error)),
      onError: (room, err) =>
        services.log.warn({ account: owner.jid, room, err }, "a room could not be joined"),
    });
    this.bookmarks = new Bookmarks({
      account: owner,
      rooms: this.rooms,
      onError: (room, err) =>
        services.log.warn({ account: owner.jid, room, err }, "a bookmark could not be written"),
    });
    this.#followUp = new FollowUp((archive) => this.#inBackground("catching up", this.#catchUp(archive)));
  }

  /** What came and could not be kept, because it or its address is over a limit. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What came and claimed to be what it is not. */
  get forged(): number {
    return this.#forged;
  }

  stop(): void {
    this.rooms.stop();
    this.#followUp.stop();
  }

  /** What this account believes of whom. */
  envelopeOptions(): EnvelopeOptions {
    const { rooms } = this;
    return {
      account: this.#owner.jid,
      announcesStanzaIds: (by) =>
        by === this.#owner.jid
          ? this.#features.has(NS_SID) || this.#features.has(NS_MAM)
          : rooms.announcesStanzaIds(by),
      announcesOccupantIds: (room) => rooms.announcesOccupantIds(room),
      isDelayed: (stanza, room) =>
        room === undefined ? this.#owner.wasKept(stanza) : rooms.isTellingHistory(room),
      ownOccupant: (room) => rooms.ownOccupant(room),
      realJidOf: (occupant) => rooms.realJidOf(occupant),
    };
  }

  /** A message of an archive could not be kept; the others of its page were. */
  archiveDropped(archive: string, err: unknown): void {
    this.#dropped++;
    this.#services.log.warn(
      { account: this.#owner.jid, archive, err },
      "a message of an archive was dropped",
    );
  }

  /** Since when what an archive gets concerns us: since the account was added, or since we are in the room. */
  presentSince(archive: string): Date | undefined {
    if (archive === this.#owner.jid) return this.#owner.record.addedAt;
    return this.rooms.presentSince(`${archive}/${this.rooms.nickIn(archive)}`);
  }

  /** The name of a conversation: a bare JID, for an occupant of a room of ours the full one. */
  conversationOf(jid: string | undefined): string | undefined {
    const bare = bareJid(jid);
    return jid !== undefined && bare !== undefined && bare !== jid && !this.rooms.isRoom(bare) ? bare : jid;
  }

  /**
   * Refuses a message that cannot be sent, neither now nor when the account is next online.
   *
   * @throws {NotAcceptableError} who is written to is blocked, or is a room that was left
   */
  checkReachable(jid: string): void {
    this.blocked.check(jid);
    this.rooms.checkNotLeft(jid);
  }

  /** A new session: no room knows us any more, and what is sent to one waits until it is joined again. */
  sessionBegins(): void {
    this.rooms.reset();
  }

  /**
   * Before we are available: a server that sees the archive read does not send the same again as offline messages, and
   * what is in the archive by now has arrived and need not go out again.
   *
   * @param features what the account's own address announces (XEP-0030)
   */
  async prepare(features: ReadonlySet<string>): Promise<void> {
    this.#features = features;
    await this.rooms.load();
    await this.blocked.fetch(this.#owner.requester);
    const marks = await this.#ownItems(NS_DISPLAYED);
    for (const item of marks) await this.#displayed(item);
    const { archives, log } = this.#services;
    const { jid } = this.#owner;
    if (features.has(NS_MAM))
      await archives
        .present(this.#owner, jid)
        .catch((err: unknown) => log.warn({ account: jid, err }, "the archive could not be read"));
  }

  /** We are available: what waits is sent, rooms are joined, and what is still missing is read. */
  async sessionStarted(): Promise<void> {
    await this.#flush();
    this.bookmarks.sessionStarted();
    for (const item of await this.#ownItems(NS_BOOKMARKS)) await this.#bookmark(item);
    await this.rooms.sessionStarted();
    if (this.#features.has(NS_MAM)) this.#inBackground("catching up", this.#catchUp(this.#owner.jid));
  }

  /** The connection was lost and found again, with the session. */
  async resumed(): Promise<void> {
    this.rooms.resumed();
    this.touched(this.#owner.jid);
    await this.#flush();
  }

  /** Something was said that the archive knows better. */
  touched(archive: string): void {
    const hasArchive =
      archive === this.#owner.jid ? this.#features.has(NS_MAM) : this.rooms.hasArchive(archive);
    if (hasArchive) this.#followUp.touch(archive);
  }

  /** Events of our own nodes that concern messages; others may want them too. */
  async takeEvent(stanza: XmlElement): Promise<void> {
    if (stanza.attrs.from !== undefined && stanza.attrs.from !== this.#owner.jid) return;
    for (const event of readPubsubEvents(stanza)) await this.#event(event);
  }

  async take(stanza: XmlElement): Promise<void> {
    const { intake, log } = this.#services;
    const account = this.#owner.jid;
    if (stanza.getChild("result", NS_MAM)) {
      this.#forged++;
      log.warn({ account, from: stanza.attrs.from }, "a result that no archive was asked for was dropped");
      return;
    }
    const envelope = openEnvelope(stanza, this.envelopeOptions());
    if (!envelope) {
      this.#forged++;
      log.warn({ account, from: stanza.attrs.from }, "a forged carbon was dropped");
      return;
    }
    if (!isAddressable(envelope)) {
      this.#dropped++;
      log.warn({ account }, "a message of a party with too long an address was dropped");
      return;
    }
    if (envelope.message.attrs.type === "groupchat" && !this.rooms.expects(envelope.conversation)) {
      log.debug({ account, from: envelope.from }, "a message of a room that we are not in was dropped");
      return;
    }
    if (
      envelope.direction === "in" &&
      envelope.message.attrs.type !== "error" &&
      this.blocked.has(envelope.from)
    ) {
      log.debug({ account, from: envelope.from }, "a message of somebody who is blocked was dropped");
      return;
    }
    if (tellsOfConfiguration(envelope.message) && envelope.from === envelope.conversation)
      this.#inBackground("asking a room", this.rooms.configurationChanged(envelope.conversation));
    if (roomSubjectOf(envelope) !== undefined) this.rooms.historyTold(envelope.conversation);
    if (await this.#saidToWhoLeft(envelope)) return;
    const accepted = await intake.take(this.#owner, envelope);
    if (!accepted) return;
    this.touched(envelope.message.attrs.type === "groupchat" ? envelope.conversation : account);
    await this.#acknowledge(envelope);
  }

  /** Catches up on demand, with the account's archive, a room's, or one conversation of the account's. */
  async sync(conversation: string | undefined, since: Date | undefined): Promise<SyncOutcome> {
    const { archives, marks } = this.#services;
    const { jid } = this.#owner;
    if (conversation !== undefined && this.rooms.isRoom(conversation)) {
      if (!this.rooms.hasArchive(conversation))
        throw new UnsupportedError(`the room ${conversation} has no archive, or was not joined`);
      return archives.catchUp(this.#owner, conversation, { since });
    }
    if (!this.#features.has(NS_MAM)) throw new UnsupportedError(`the server of ${jid} has no archive`);
    const outcome = await archives.catchUp(this.#owner, jid, conversation === undefined ? { since } : {});
    if (conversation === undefined || since === undefined) {
      await marks.resolve(this.#owner);
      return outcome;
    }
    const older = await archives.conversation(this.#owner, conversation, since);
    return { received: outcome.received + older.received, complete: outcome.complete && older.complete };
  }

  async markDisplayed(message: MessageRecord): Promise<void> {
    await this.#services.marks.mark(this.#owner, message);
  }

  /** Asks the room to take another's message back. Its answer comes as a message. */
  async moderate(message: MessageRecord, reason: string | undefined): Promise<void> {
    const version = this.rooms.moderation(message.conversation);
    if (version === undefined)
      throw new UnsupportedError(`the room ${message.conversation} has no moderation (XEP-0425)`);
    if (message.stanzaId === undefined) throw new UnsupportedError("the message has no id of the room");
    await this.#owner.requester.request(
      moderationRequest(message.conversation, message.stanzaId, version, reason),
    );
  }

  /**
   * A room says that we are no occupants, and so may not speak (XEP-0045 §7.4): its server has lost us. We join it, and what we
   * said goes out once more.
   *
   * @returns whether the message waits for that
   */
  async #saidToWhoLeft({ message, from, conversation }: Envelope): Promise<boolean> {
    if (message.attrs.type !== "error") return false;
    const room = bareJid(from) ?? from;
    if (!this.rooms.isRoom(room) || StanzaError.fromStanza(message).condition !== "not-acceptable")
      return false;
    await this.rooms.notInRoom(room);
    const { id } = message.attrs;
    if (id === undefined || !this.rooms.awaits(room)) return false;
    const waits = await this.#services.sender.again(this.#owner, { conversation, address: from }, id);
    if (waits && this.rooms.isJoined(room)) await this.#services.sender.flush(this.#owner, conversation);
    return waits;
  }

  /** What waits goes out: what is said first, since reactions may be to that. */
  async #flush(): Promise<void> {
    const { sender, reactions } = this.#services;
    await sender.flush(this.#owner);
    await reactions.flush(this.#owner);
  }

  async #joined(room: string): Promise<void> {
    await this.#flush();
    const record = await this.#services.store.rooms.get(this.#owner.id, room);
    if (this.rooms.hasArchive(room)) await this.#catchUp(room);
    await this.#services.store.conversations.rename(this.#owner.id, room, record?.name);
  }

  async #catchUp(archive: string): Promise<void> {
    if (!this.#owner.online()) return;
    await this.#services.archives.catchUp(this.#owner, archive);
    await this.#services.marks.resolve(this.#owner);
  }

  /** A receipt for who may see our presence anyway (XEP-0184 §5.1, §6): others would learn from it that we are there. */
  async #acknowledge({ message, via, direction, from, room }: Envelope): Promise<void> {
    const { id, type } = message.attrs;
    if (via !== "live" || direction !== "in" || room !== undefined || id === undefined) return;
    if (type === "error" || type === "groupchat" || !wantsReceipt(message)) return;
    const contact = await this.#services.store.roster.find(this.#owner.id, bareJid(from) ?? from);
    if (contact?.subscription !== "from" && contact?.subscription !== "both") return;
    await this.#owner.send(receiptStanza(from, type ?? "normal", id)).catch(() => {}); // no session: then no receipt
  }

  async #ownItems(node: string): Promise<readonly WireItem[]> {
    const { jid, requester } = this.#owner;
    try {
      return (await getItems(requester, { service: jid, node })).items;
    } catch (err) {
      this.#services.log.debug({ account: jid, node, err }, "there are no such items");
      return [];
    }
  }

  async #event(event: PubsubEvent): Promise<void> {
    if (event.event !== "items") return;
    if (event.node === NS_DISPLAYED) for (const item of event.items) await this.#displayed(item);
    if (event.node !== NS_BOOKMARKS) return;
    for (const item of event.items) await this.#bookmark(item);
    for (const id of event.retracted) {
      const room = bareJid(id);
      if (room !== undefined) await this.bookmarks.take(room, undefined);
    }
  }

  async #displayed(item: WireItem): Promise<void> {
    const mark = readDisplayedMark(item);
    if (mark) await this.#services.marks.take(this.#owner, mark);
  }

  async #bookmark(item: WireItem): Promise<void> {
    const bookmark = readBookmark(item);
    if (bookmark) await this.bookmarks.take(bookmark.room, bookmark);
  }

  #inBackground(what: string, work: Promise<void>): void {
    work.catch((err: unknown) => {
      const { log } = this.#services;
      if (this.#owner.online()) log.warn({ account: this.#owner.jid, err }, `${what} failed`);
      else log.debug({ account: this.#owner.jid, err }, `${what} ended with the session`);
    });
  }
}
