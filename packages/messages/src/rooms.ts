import {
  bareJid,
  ConflictError,
  ConnectionError,
  discoInfo,
  errorFieldOf,
  InvalidParamsError,
  Lanes,
  leavePresence,
  type MucPresence,
  NotAcceptableError,
  NS_MAM,
  NS_MODERATE,
  NS_MODERATE_0,
  nickPresence,
  normaliseJid,
  type OwnOccupant,
  readMucPresence,
  resourceOf,
  StanzaError,
  selfPing,
  type XmlElement,
} from "@larder/core";
import { fitsKey, type RoomRecord, type RoomRemoval, type Store } from "@larder/storage";
import type { LiveRoom, Occupant } from "./live-room.js";
import { endingOf, refusalOf } from "./room-endings.js";
import { RoomEntrance } from "./room-entrance.js";
import { JOIN_TIMEOUT_MS, type RoomAccount, type RoomsOptions } from "./room-options.js";
import { isWanted, type ListedRoom, RoomRecords, type RoomStanding, standingOf } from "./room-records.js";

const PING_EVERY_MS = 900_000;
const REJOIN_AFTER_MS = 5_000;
/** After an attempt that failed; twice as long after each further one, up to thirty-two times as long. */
const RETRY_AFTER_MS = 60_000;

/**
 * The rooms of one account (XEP-0045): joining and leaving, being there again after a lost session, and who is there.
 * What is wanted is kept in the database; where we are is known in this session only. What is done about one room is done
 * one after the other.
 */
export class Rooms {
  readonly #account: RoomAccount;
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #records: RoomRecords;
  readonly #lanes = new Lanes();
  readonly #entrance: RoomEntrance;
  /** How often joining a room by ourselves has failed in a row. */
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #pinging: NodeJS.Timeout | undefined;

  constructor(store: Store, account: RoomAccount, options: RoomsOptions) {
    this.#account = account;
    this.#options = options;
    this.#records = new RoomRecords(store, account.id);
    this.#entrance = new RoomEntrance(store, account, this.#records, this.#rooms, options);
  }

  /** A new session has begun, in which no room knows us: what is sent to one waits until it is joined. */
  reset(): void {
    const rooms = [...this.#rooms.values()];
    this.#rooms.clear();
    for (const room of rooms) room.fail(new ConnectionError("the session ended"));
  }

  /** Reads what is known of the rooms; to be called before the first message is taken in. */
  load(): Promise<void> {
    return this.#records.load();
  }

  /** Joins the rooms that are wanted, in the background. */
  async sessionStarted(): Promise<void> {
    this.#failures.clear();
    await this.load();
    for (const record of this.#records.all())
      if (isWanted(record) && record.removal?.destroyed !== true) this.#joinAgain(record.jid);
    this.#pingLater();
  }

  /** The connection was lost and the session resumed: rooms on other servers may have lost us. */
  resumed(): void {
    for (const room of this.#rooms.values()) if (room.state === "joined") this.#ping(room);
  }

  stop(): void {
    clearTimeout(this.#pinging);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.reset();
  }

  /** Resolves when nothing is being done about any room. */
  settled(): Promise<void> {
    return this.#lanes.idle();
  }

  /** Every room that the account is in, was in, or has a bookmark of. One that is wanted is `joining` while there is no session. */
  list(): ListedRoom[] {
    return this.#records.all().map((record) => {
      const { bookmarked, autojoin } = record;
      return { ...this.#standingOf(record), bookmarked, autojoin };
    });
  }

  #standingOf(record: RoomRecord): RoomStanding {
    const live = this.#rooms.get(record.jid);
    if (live) return { ...standingOf(record, live.state), nick: live.nick };
    if (record.removal) return standingOf(record, "removed");
    return standingOf(record, isWanted(record) ? "joining" : "left");
  }

  /** Whether what is sent to a room may wait until it is joined. */
  awaits(jid: string): boolean {
    const record = this.#records.get(jid);
    return this.#rooms.has(jid) || (record !== undefined && isWanted(record) && record.removal === undefined);
  }

  /**
   * Joins a room, and stays in it: it is joined again at every new session until {@link leave}. In a room that the account is in,
   * it asks for another nick; where the room refuses that, the account stays in it under the former one.
   *
   * @returns the nick that the room gave us
   * @throws {StanzaError} the room's reason, for example `conflict` where somebody else has the nick
   * @throws {RequestTimeoutError} the room did not answer
   * @throws {NotConnectedError} there is no session; the room is joined with the next
   */
  async join(
    jid: string,
    wanted: { readonly nick?: string; readonly password?: string } = {},
  ): Promise<string> {
    const room = bareJid(jid) ?? jid;
    this.#nickFor(room, wanted.nick);
    return this.#lanes.run(room, () => this.#joinAsAsked(room, wanted));
  }

  /** Leaves a room and stays out. */
  async leave(jid: string): Promise<void> {
    this.#rooms.get(jid)?.fail(new ConflictError(`the room ${jid} was left`));
    await this.#lanes.run(jid, async () => {
      const room = this.#rooms.get(jid);
      this.#rooms.delete(jid);
      await this.#records.tell(jid, "left", { joined: false, removal: undefined });
      if (room && this.#account.online()) await this.#account.send(leavePresence(jid, room.nick));
    });
  }

  /**
   * A bookmark was set or taken away, here or on another device (XEP-0402 §4).
   *
   * @param options.act whether to join or leave the room as it says. Default true.
   */
  async bookmarked(
    room: string,
    bookmark: { name?: string; nick?: string; password?: string; autojoin: boolean } | undefined,
    { act = true }: { readonly act?: boolean } = {},
  ): Promise<void> {
    if (!fitsKey(room)) return;
    if (!bookmark) {
      await this.#records.change(room, { bookmarked: false, autojoin: false });
      if (this.#rooms.has(room)) await this.leave(room);
      return;
    }
    const { name, nick, password, autojoin } = bookmark;
    if (password !== undefined) this.#entrance.passwords.offer(room, password);
    const known = this.#records.get(room);
    // Servers tell the same again (ejabberd, when somebody's presence changes): it is no reason to come back after a kick.
    const isNew = known?.bookmarked !== true || known.autojoin !== autojoin;
    await this.#records.change(room, {
      bookmarked: true,
      autojoin,
      ...(name !== undefined && { name }),
      ...(nick !== undefined && known?.joined !== true && { nick }),
      ...(act && isNew && known?.bookmarked === true && autojoin && { removal: undefined }),
    });
    if (!act || !isNew) return;
    if (autojoin && !this.#rooms.has(room) && this.#records.get(room)?.removal === undefined)
      this.#joinAgain(room);
    else if (!autojoin && known?.autojoin === true && this.#rooms.has(room)) await this.leave(room);
  }

  /** The name that bookmark or room have given it. */
  nameOf(jid: string): string | undefined {
    return this.#records.get(jid)?.name;
  }

  /** A bookmark says that the room is to be joined. */
  isAutojoined(jid: string): boolean {
    const record = this.#records.get(jid);
    return record?.bookmarked === true && record.autojoin;
  }

  isRoom(jid: string): boolean {
    return this.#rooms.has(jid) || this.#records.get(jid) !== undefined;
  }

  /**
   * Refuses what could only wait for ever: the room was left, or does not want us, and nothing says that it is to be joined.
   *
   * @param jid of a room, or of one who is in it
   * @throws {NotAcceptableError} as the room would (XEP-0045 §7.9), with its reason
   */
  checkNotLeft(jid: string): void {
    const room = bareJid(jid) ?? jid;
    const record = this.#records.get(room);
    if (!record || this.#rooms.has(room)) return;
    if (!record.removal && isWanted(record)) return;
    const { text, message } = record.removal?.error ?? {};
    const why = record.removal === undefined ? "" : ` (${String(text ?? message)})`;
    throw new NotAcceptableError(
      `the account is not in the room ${room}${why}: join it first (muc_join, or: larder room join)`,
    );
  }

  readonly isJoined = (room: string): boolean => this.#rooms.get(room)?.state === "joined";
  readonly nickIn = (room: string): string | undefined =>
    this.#rooms.get(room)?.nick ?? this.#records.get(room)?.nick;

  /** Whether messages of this room are to be believed: we are in it, or on our way. */
  expects(room: string): boolean {
    return this.#rooms.has(room);
  }

  ownOccupant(jid: string): OwnOccupant | undefined {
    const room = this.#rooms.get(jid);
    if (room) return { nick: room.nick, occupantId: room.ownOccupantId };
    const record = this.#records.get(jid);
    return record && { nick: record.nick };
  }

  announcesOccupantIds(jid: string): boolean {
    return this.#rooms.get(jid)?.announcesOccupantIds ?? this.#records.get(jid)?.occupantIds ?? false;
  }

  /** Whether a room still tells what was said before we came, with the times of that (XEP-0045 §7.2.14). */
  isTellingHistory(jid: string): boolean {
    return this.#rooms.get(jid)?.tellsHistory === true;
  }

  /** A room has told its subject, which comes after its history (§7.2.15): what comes now is said now. */
  historyTold(jid: string): void {
    const room = this.#rooms.get(jid);
    if (room) room.tellsHistory = false;
  }

  announcesStanzaIds(jid: string): boolean {
    return this.#rooms.get(jid)?.announcesStanzaIds === true;
  }

  hasArchive(jid: string): boolean {
    return this.#rooms.get(jid)?.features.has(NS_MAM) === true;
  }

  /** The version of moderation (XEP-0425) that a room knows. */
  moderation(jid: string): 0 | 1 | undefined {
    const features = this.#rooms.get(jid)?.features;
    return features?.has(NS_MODERATE) ? 1 : features?.has(NS_MODERATE_0) ? 0 : undefined;
  }

  realJidOf(occupant: string): string | undefined {
    return bareJid(this.#occupant(occupant)?.realJid);
  }

  presentSince(occupant: string): Date | undefined {
    return this.#occupant(occupant)?.since;
  }

  joined(): string[] {
    return [...this.#rooms.values()].flatMap(({ jid, state }) => (state === "joined" ? [jid] : []));
  }

  /** The room says that we are not in it: a message of ours came back (XEP-0045 §7.4), or a ping. */
  async notInRoom(jid: string): Promise<void> {
    const room = this.#rooms.get(jid);
    if (room?.state !== "joined") return;
    this.#rooms.delete(jid);
    await this.#lost(
      jid,
      new StanzaError("recipient-unavailable", { from: jid, text: "the room has lost us" }),
      0,
    );
  }

  /** The room's configuration has changed (XEP-0045 §10.2.1, status 104): what it can do may be otherwise now. */
  async configurationChanged(jid: string): Promise<void> {
    const room = this.#rooms.get(jid);
    const info = room && (await discoInfo(this.#account.requester, jid).catch(() => undefined));
    if (info && this.#rooms.get(jid) === room) await this.#entrance.learn(room, info);
  }

  /** @returns whether the presence was a room's */
  async handlePresence(stanza: XmlElement): Promise<boolean> {
    const from = normaliseJid(stanza.attrs.from ?? "");
    const room = from === undefined ? undefined : this.#rooms.get(bareJid(from) ?? "");
    if (!room) return false;
    if (stanza.attrs.type === "error") {
      room.refused(StanzaError.fromStanza(stanza), resourceOf(from));
      return true;
    }
    const presence = readMucPresence(stanza);
    if (!presence) return false;
    const isSelf = room.isSelf(presence);
    if (presence.available) room.entered(presence);
    else if (room.left(presence)) {
      if (isSelf) await this.#ended(room, presence);
      return true;
    }
    // Who is asked for a nick is told it by whoever has asked; one that the room gives by itself is kept here.
    if (isSelf && room.state === "joined" && this.#records.get(room.jid)?.nick !== room.nick)
      await this.#records.tell(room.jid, "joined", { nick: room.nick });
    return true;
  }

  #occupant(occupant: string): Occupant | undefined {
    return this.#rooms.get(bareJid(occupant) ?? "")?.occupant(resourceOf(occupant) ?? "");
  }

  /** Our presence in a room has ended, and not because we left. */
  async #ended(room: LiveRoom, presence: MucPresence): Promise<void> {
    const { error, removal } = endingOf(presence);
    const { state } = room;
    this.#rooms.delete(room.jid);
    room.fail(error);
    if (state === "joining") return; // whoever waits for the room is told
    if (removal) await this.#removed(room.jid, removal);
    else await this.#lost(room.jid, error, REJOIN_AFTER_MS);
  }

  /** A passing fault: we are on our way back. */
  async #lost(jid: string, error: StanzaError, afterMs: number): Promise<void> {
    await this.#records.tell(jid, "joining", { lastError: errorFieldOf(error) });
    this.#later(afterMs, () => this.#joinAgain(jid));
  }

  async #removed(jid: string, removal: RoomRemoval): Promise<void> {
    await this.#records.tell(jid, "removed", { joined: false, removal, lastError: removal.error });
    this.#options.onRemoved(jid, removal.error);
  }

  #nickFor(room: string, wanted: string | undefined): string {
    const nick =
      wanted ?? this.nickIn(room) ?? this.#account.jid.slice(0, Math.max(this.#account.jid.indexOf("@"), 0));
    const occupant = normaliseJid(`${room}/${nick}`);
    if (nick === "" || occupant === undefined || bareJid(occupant) !== room)
      throw new InvalidParamsError("nick", `nick: "${nick}" cannot be a nick (RFC 7622 §3.4)`);
    return resourceOf(occupant) ?? nick;
  }

  async #joinAsAsked(
    room: string,
    wanted: { readonly nick?: string; readonly password?: string },
  ): Promise<string> {
    const nick = this.#nickFor(room, wanted.nick);
    const present = this.#rooms.get(room);
    if (present?.state === "joined" && this.#account.online()) {
      await this.#records.tell(room, "joined", { joined: true, removal: undefined, lastError: undefined });
      if (present.nick !== nick) await this.#rename(present, nick);
      return present.nick;
    }
    const { passwords } = this.#entrance;
    if (wanted.password !== undefined) await passwords.offerAsAsked(room, wanted.password);
    const before = this.#records.get(room);
    await this.#records.change(room, { joined: true, nick, lastError: undefined, removal: undefined });
    try {
      await this.#entrance.enter(room, nick);
    } catch (error) {
      if (!(error instanceof StanzaError)) {
        if (this.#account.online()) this.#later(RETRY_AFTER_MS, () => this.#joinAgain(room));
        throw error;
      }
      const { joined = false, removal, nick: former } = before ?? {};
      await this.#records.change(room, { joined, removal, nick: former, lastError: errorFieldOf(error) });
      if (before && isWanted(before) && !removal) this.#later(RETRY_AFTER_MS, () => this.#joinAgain(room));
      else this.#options.onRemoved(room, errorFieldOf(error)); // what was written while we were on our way
      throw error;
    }
    return this.#rooms.get(room)?.nick ?? nick;
  }

  async #rename(room: LiveRoom, nick: string): Promise<void> {
    await room.ask(nick, this.#options.joinTimeoutMs ?? JOIN_TIMEOUT_MS, () =>
      this.#account.send(nickPresence(room.jid, nick, this.#options.presenceExtra())),
    );
    await this.#records.tell(room.jid, "joined", { nick: room.nick });
  }

  #joinAgain(room: string): void {
    this.#lanes
      .run(room, () => this.#joinBySelf(room))
      .catch((error: unknown) => this.#options.onError(room, error));
  }

  /** Joins a room that is wanted still, and never makes one. */
  async #joinBySelf(room: string): Promise<void> {
    const record = this.#records.get(room);
    if (!record || !isWanted(record) || !this.#account.online()) return;
    if (this.#rooms.get(room)?.state === "joined") return;
    try {
      await this.#entrance.enterUnderSomeNick(room, this.#nickFor(room, undefined));
      this.#failures.delete(room);
    } catch (error) {
      const removal = refusalOf(error);
      this.#options.onError(room, error);
      if (removal) return this.#removed(room, { ...removal });
      await this.#records.tell(room, "joining", { lastError: errorFieldOf(error) });
      const failures = this.#failures.get(room) ?? 0;
      this.#failures.set(room, Math.min(failures + 1, 5));
      if (this.#account.online()) this.#later(RETRY_AFTER_MS * 2 ** failures, () => this.#joinAgain(room));
    }
  }

  #later(ms: number, task: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  #pingLater(): void {
    clearTimeout(this.#pinging);
    this.#pinging = setTimeout(() => {
      this.resumed();
      this.#pingLater();
    }, this.#options.pingEveryMs ?? PING_EVERY_MS);
    this.#pinging.unref();
  }

  #ping(room: LiveRoom): void {
    if (!this.#account.online()) return;
    selfPing(this.#account.requester, room.jid, room.nick)
      .then(async (outcome) => {
        if (outcome === "not-joined" && this.#rooms.get(room.jid) === room) await this.notInRoom(room.jid);
      })
      .catch((error: unknown) => this.#options.onError(room.jid, error));
  }
}
