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
/** The wait after a failed attempt to join. It doubles with each further failure, up to thirty-two times as long. */
const RETRY_AFTER_MS = 60_000;

/**
 * The rooms of one account (XEP-0045): joining, leaving, joining again after a lost session, and the occupants. The database has
 * the rooms that the account wants to be in; the rooms that it is in are known in this session only. Actions on one room run one
 * after the other.
 */
export class Rooms {
  readonly #account: RoomAccount;
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #records: RoomRecords;
  readonly #lanes = new Lanes();
  readonly #entrance: RoomEntrance;
  /** The number of failed automatic joins of a room in a row. */
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #pinging: NodeJS.Timeout | undefined;

  constructor(store: Store, account: RoomAccount, options: RoomsOptions) {
    this.#account = account;
    this.#options = options;
    this.#records = new RoomRecords(store, account.id);
    this.#entrance = new RoomEntrance(store, account, this.#records, this.#rooms, options);
  }

  /** Forgets the rooms of the last session. In a new one no room knows us; a message to a room waits until we have joined it. */
  reset(): void {
    const rooms = [...this.#rooms.values()];
    this.#rooms.clear();
    for (const room of rooms) room.fail(new ConnectionError("the session ended"));
  }

  /** Reads the rooms from the database. Call it before the first message is taken in. */
  load(): Promise<void> {
    return this.#records.load();
  }

  /** Joins, in the background, the rooms that the account wants to be in. */
  async sessionStarted(): Promise<void> {
    this.#failures.clear();
    await this.load();
    for (const record of this.#records.all())
      if (isWanted(record) && record.removal?.destroyed !== true) this.#joinAgain(record.jid);
    this.#pingLater();
  }

  /** Asks all joined rooms, after a session was resumed, if we are still in them: rooms on other servers may have dropped us. */
  resumed(): void {
    for (const room of this.#rooms.values()) if (room.state === "joined") this.#ping(room);
  }

  stop(): void {
    clearTimeout(this.#pinging);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.reset();
  }

  /** Resolves once no action on any room is left. */
  settled(): Promise<void> {
    return this.#lanes.idle();
  }

  /**
   * Lists the rooms that the account is in, was in, or has bookmarked. If there is no session, a room that it wants to be in is
   * `joining`.
   */
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

  /** Returns true if a message to a room may wait until the account has joined it. */
  awaits(jid: string): boolean {
    const record = this.#records.get(jid);
    return this.#rooms.has(jid) || (record !== undefined && isWanted(record) && record.removal === undefined);
  }

  /**
   * Joins a room, and joins it again in every new session until {@link leave}. If the account is in the room already, this asks for
   * another nick; if the room refuses it, the account stays in the room under the former one.
   *
   * @returns the nick that the room gave us
   * @throws {StanzaError} the room's reason, for example `conflict` if somebody else has the nick
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

  /** Leaves a room. It is not joined again until somebody asks for it. */
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
   * Takes in that a bookmark was set or removed, here or on another device (XEP-0402 §4).
   *
   * @param options.act join or leave the room as the bookmark says. Default true.
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
    // A server may send the same bookmark again (ejabberd does if somebody's presence changes): after a kick that is no reason to join.
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

  /** The name of a room by its bookmark, or by the room itself. */
  nameOf(jid: string): string | undefined {
    return this.#records.get(jid)?.name;
  }

  /** Returns true if a bookmark with `autojoin` exists for the room. */
  isAutojoined(jid: string): boolean {
    const record = this.#records.get(jid);
    return record?.bookmarked === true && record.autojoin;
  }

  isRoom(jid: string): boolean {
    return this.#rooms.has(jid) || this.#records.get(jid) !== undefined;
  }

  /**
   * Refuses a message that would wait for ever: the account has left the room or was removed from it, and does not want to join it.
   *
   * @param jid the room, or an occupant of it
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

  /** Returns true if messages of this room count: the account is in it or is joining it. */
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

  /** Returns true while a room sends its discussion history, with the times of the messages (XEP-0045 §7.2.14). */
  isTellingHistory(jid: string): boolean {
    return this.#rooms.get(jid)?.tellsHistory === true;
  }

  /** Ends the discussion history of a room: its subject came, which follows the history (§7.2.15). Later messages are new. */
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

  /** The version of moderation (XEP-0425) that a room supports. */
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

  /** Joins a room again that says we are not in it, by an error to a message of ours (XEP-0045 §7.4) or to a ping. */
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

  /** Asks a room for its features again: its configuration has changed (XEP-0045 §10.2.1, status 104). */
  async configurationChanged(jid: string): Promise<void> {
    const room = this.#rooms.get(jid);
    const info = room && (await discoInfo(this.#account.requester, jid).catch(() => undefined));
    if (info && this.#rooms.get(jid) === room) await this.#entrance.learn(room, info);
  }

  /** @returns true if the presence came from a room */
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
    // join() stores a nick that it asked for; this stores one that the room has chosen by itself.
    if (isSelf && room.state === "joined" && this.#records.get(room.jid)?.nick !== room.nick)
      await this.#records.tell(room.jid, "joined", { nick: room.nick });
    return true;
  }

  #occupant(occupant: string): Occupant | undefined {
    return this.#rooms.get(bareJid(occupant) ?? "")?.occupant(resourceOf(occupant) ?? "");
  }

  /** Ends our presence in a room that we did not leave. */
  async #ended(room: LiveRoom, presence: MucPresence): Promise<void> {
    const { error, removal } = endingOf(presence);
    const { state } = room;
    this.#rooms.delete(room.jid);
    room.fail(error);
    if (state === "joining") return; // whoever waits for the room has the error
    if (removal) await this.#removed(room.jid, removal);
    else await this.#lost(room.jid, error, REJOIN_AFTER_MS);
  }

  /** Joins a room again after a passing fault. */
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
      else this.#options.onRemoved(room, errorFieldOf(error)); // messages that were written during the attempt
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

  /** Joins a room if the account still wants to be in it. It never creates one. */
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
