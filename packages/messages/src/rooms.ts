import {
  type ArchiveRequester,
  bareJid,
  ConflictError,
  ConnectionError,
  type DiscoInfo,
  discoInfo,
  errorFieldOf,
  InvalidParamsError,
  joinPresence,
  leavePresence,
  type MucPresence,
  mucStatus,
  NotAcceptableError,
  NotConnectedError,
  NS_MAM,
  NS_MODERATE,
  NS_MODERATE_0,
  NS_OCCUPANT_ID,
  NS_SID,
  normaliseJid,
  type OwnOccupant,
  RequestTimeoutError,
  readMucPresence,
  resourceOf,
  StanzaError,
  selfPing,
  type XmlElement,
} from "@larder/core";
import { fitsKey, type RoomRecord, type Store } from "@larder/storage";

/** An account as its rooms see it. */
export interface RoomAccount {
  readonly id: number;
  readonly jid: string;
  readonly online: () => boolean;
  readonly requester: ArchiveRequester;
  readonly send: (stanza: XmlElement) => Promise<void>;
  /** Passwords of rooms are secrets, and no part of the database. */
  readonly roomPassword: (room: string) => string | undefined;
  readonly keepRoomPassword: (room: string, password: string | undefined) => Promise<void>;
}

export interface RoomsOptions {
  /** In a room, or in it again: what was said meanwhile is to be read, and what waits to be sent. */
  readonly onJoined: (room: string) => void;
  readonly onError: (room: string, error: unknown) => void;
  /** Children of every presence of ours. */
  readonly presenceExtra: () => readonly XmlElement[];
  /** How often to ask whether we are still there (XEP-0410), in milliseconds. Default 15 min. */
  readonly pingEveryMs?: number;
  /** How long a room may take to let us in, in milliseconds. Default 30 s. */
  readonly joinTimeoutMs?: number;
}

interface Occupant {
  readonly realJid?: string;
  readonly occupantId?: string;
  readonly since: Date;
}

interface Room {
  readonly jid: string;
  nick: string;
  state: "joining" | "joined";
  features: ReadonlySet<string>;
  ownOccupantId?: string;
  /** Its history comes before its subject (XEP-0045 §7.2.15). */
  isTellingHistory: boolean;
  readonly occupants: Map<string, Occupant>;
  settle?: (error?: Error) => void;
}

const PING_EVERY_MS = 900_000;
const JOIN_TIMEOUT_MS = 30_000;
const REJOIN_AFTER_MS = 5_000;
/** A nick that somebody else has is asked for with so many underscores, when we come back by ourselves. */
const NICK_ATTEMPTS = 3;

/** Status codes after which only the user can want back in (XEP-0045 §8.2, §9.1). */
const forGood = [
  mucStatus.banned,
  mucStatus.kicked,
  mucStatus.affiliationChanged,
  mucStatus.membersOnly,
] as const;

/** We stay in it from one session to the next. */
const isWanted = ({ joined, autojoin, bookmarked }: RoomRecord): boolean =>
  joined || (autojoin && bookmarked);

/**
 * The rooms of one account (XEP-0045): joining and leaving, being there again after a lost session, and who is there.
 * What is wanted is kept in the database; where we are is known in this session only.
 */
export class Rooms {
  readonly #store: Store;
  readonly #account: RoomAccount;
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, Room>();
  /** What is known of rooms from earlier sessions. */
  #records = new Map<string, RoomRecord>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #pinging: NodeJS.Timeout | undefined;

  constructor(store: Store, account: RoomAccount, options: RoomsOptions) {
    this.#store = store;
    this.#account = account;
    this.#options = options;
  }

  /** Reads what is known of the rooms; to be called before the first message is taken in. */
  async load(): Promise<void> {
    this.#records = new Map((await this.#store.rooms.list(this.#account.id)).map((room) => [room.jid, room]));
  }

  /** A new session: no room knows us any more. Those that are wanted are joined in the background. */
  async sessionStarted(): Promise<void> {
    for (const room of this.#rooms.values()) room.settle?.(new ConnectionError(`the session ended`));
    this.#rooms.clear();
    await this.load();
    for (const record of this.#records.values()) if (isWanted(record)) this.#joinAgain(record.jid, 0);
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
  }

  /**
   * Joins a room, and stays in it: it is joined again at every new session until {@link leave}.
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
    const nick = this.#nickFor(room, wanted.nick);
    if (wanted.password !== undefined) await this.#account.keepRoomPassword(room, wanted.password);
    await this.#remember(room, { joined: true, nick, lastError: undefined });
    if (!this.#account.online()) throw new NotConnectedError(this.#account.jid);
    const present = this.#rooms.get(room);
    if (present?.state === "joined" && present.nick === nick) return nick;
    try {
      return await this.#enter(room, nick);
    } catch (error) {
      if (error instanceof StanzaError)
        await this.#remember(room, { joined: false, lastError: errorFieldOf(error) });
      throw error;
    }
  }

  /** Leaves a room and stays out. */
  async leave(jid: string): Promise<void> {
    const room = this.#rooms.get(jid);
    await this.#remember(jid, { joined: false });
    this.#rooms.delete(jid);
    if (room && this.#account.online()) await this.#account.send(leavePresence(jid, room.nick));
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
      await this.#remember(room, { bookmarked: false, autojoin: false });
      if (this.#rooms.has(room)) await this.leave(room);
      return;
    }
    const { name, nick, password, autojoin } = bookmark;
    if (password !== undefined) await this.#account.keepRoomPassword(room, password);
    const known = this.#records.get(room);
    await this.#remember(room, {
      bookmarked: true,
      autojoin,
      ...(name !== undefined && { name }),
      ...(nick !== undefined && known?.joined !== true && { nick }),
    });
    // Servers tell the same again (ejabberd, when somebody's presence changes): it is no reason to come back after a kick.
    const isNew = known?.bookmarked !== true || known.autojoin !== autojoin;
    if (!act || !isNew) return;
    if (autojoin && !this.#rooms.has(room)) this.#joinAgain(room, 0);
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
    return this.#rooms.has(jid) || this.#records.has(jid);
  }

  /**
   * Refuses what could only wait for ever: the room was left, and nothing says that it is to be joined.
   *
   * @param jid of a room, or of one who is in it
   * @throws {NotAcceptableError} as the room would (XEP-0045 §7.9)
   */
  checkNotLeft(jid: string): void {
    const room = bareJid(jid) ?? jid;
    const record = this.#records.get(room);
    if (!record || this.#rooms.has(room) || isWanted(record)) return;
    throw new NotAcceptableError(
      `the account is not in the room ${room}: join it first (muc_join, or: larder room join)`,
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
    if (room) {
      const occupantId = room.features.has(NS_OCCUPANT_ID) ? room.ownOccupantId : undefined;
      return { nick: room.nick, occupantId };
    }
    const record = this.#records.get(jid);
    return record && { nick: record.nick };
  }

  announcesOccupantIds(jid: string): boolean {
    return this.#rooms.get(jid)?.features.has(NS_OCCUPANT_ID) ?? this.#records.get(jid)?.occupantIds ?? false;
  }

  /** Whether a room still tells what was said before we came, with the times of that (XEP-0045 §7.2.14). */
  isTellingHistory(jid: string): boolean {
    return this.#rooms.get(jid)?.isTellingHistory === true;
  }

  /** A room has told its subject, which comes after its history (§7.2.15): what comes now is said now. */
  historyTold(jid: string): void {
    const room = this.#rooms.get(jid);
    if (room) room.isTellingHistory = false;
  }

  announcesStanzaIds(jid: string): boolean {
    const features = this.#rooms.get(jid)?.features;
    return features?.has(NS_SID) === true || features?.has(NS_MAM) === true;
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

  /** The room says that we are not in it: a message of ours came back (XEP-0045 §7.4). */
  notInRoom(jid: string): void {
    if (!this.#rooms.has(jid)) return;
    this.#rooms.delete(jid);
    this.#joinAgain(jid, 0);
  }

  /** @returns whether the presence was a room's */
  async handlePresence(stanza: XmlElement): Promise<boolean> {
    const from = normaliseJid(stanza.attrs.from ?? "");
    const room = from === undefined ? undefined : this.#rooms.get(bareJid(from) ?? "");
    if (!room) return false;
    if (stanza.attrs.type === "error") {
      room.settle?.(StanzaError.fromStanza(stanza));
      return true;
    }
    const presence = readMucPresence(stanza);
    if (!presence) return false;
    const isSelf = presence.statuses.has(mucStatus.self);
    if (presence.available) await this.#entered(room, presence, isSelf);
    else await this.#left(room, presence, isSelf);
    return true;
  }

  #occupant(occupant: string): Occupant | undefined {
    return this.#rooms.get(bareJid(occupant) ?? "")?.occupants.get(resourceOf(occupant) ?? "");
  }

  async #entered(room: Room, presence: MucPresence, isSelf: boolean): Promise<void> {
    const { nick, realJid } = presence;
    const { occupantId } = presence; // believed where the room announces such ids, which it may say later
    const known = room.occupants.get(nick);
    const sameId = !room.features.has(NS_OCCUPANT_ID) || known?.occupantId === occupantId;
    const same = known && sameId && bareJid(known.realJid) === bareJid(realJid);
    room.occupants.set(nick, { realJid, occupantId, since: same ? known.since : new Date() });
    if (!isSelf) return;
    room.ownOccupantId = occupantId;
    if (room.nick !== nick || this.#records.get(room.jid)?.nick !== nick) {
      room.nick = nick;
      await this.#remember(room.jid, { nick });
    }
    room.settle?.();
  }

  async #left(room: Room, presence: MucPresence, isSelf: boolean): Promise<void> {
    const { nick, statuses, newNick } = presence;
    const known = room.occupants.get(nick);
    room.occupants.delete(nick);
    if (statuses.has(mucStatus.nickChanged) && newNick !== undefined) {
      if (known) room.occupants.set(newNick, { ...known, since: new Date() });
      if (isSelf) {
        room.nick = newNick;
        await this.#remember(room.jid, { nick: newNick });
      }
      return;
    }
    if (!isSelf) return;
    this.#rooms.delete(room.jid);
    const why = forGood.find((status) => statuses.has(status));
    const said = presence.reason === undefined ? "" : `: ${presence.reason}`;
    const error = new StanzaError(why === undefined ? "recipient-unavailable" : "forbidden", {
      text: `the room has put us out (${[...statuses].join(", ")})${said}`,
      from: room.jid,
    });
    room.settle?.(error);
    if (why !== undefined) await this.#remember(room.jid, { joined: false, lastError: errorFieldOf(error) });
    else if (this.#records.get(room.jid)?.joined)
      this.#later(REJOIN_AFTER_MS, () => this.#joinAgain(room.jid, 0));
  }

  #nickFor(room: string, wanted: string | undefined): string {
    const nick =
      wanted ?? this.nickIn(room) ?? this.#account.jid.slice(0, Math.max(this.#account.jid.indexOf("@"), 0));
    const occupant = normaliseJid(`${room}/${nick}`);
    if (nick === "" || occupant === undefined || bareJid(occupant) !== room)
      throw new InvalidParamsError("nick", `nick: "${nick}" cannot be a nick (RFC 7622 §3.4)`);
    return resourceOf(occupant) ?? nick;
  }

  #joinAgain(room: string, attempt: number): void {
    const nick = `${this.#nickFor(room, undefined)}${"_".repeat(attempt > 0 ? 1 : 0)}`;
    this.#enter(room, nick)
      .then(() => this.#remember(room, { joined: true, lastError: undefined }))
      .catch(async (error: unknown) => {
        if (
          error instanceof ConflictError ||
          (error instanceof StanzaError && error.condition === "conflict")
        ) {
          if (attempt + 1 < NICK_ATTEMPTS) return this.#joinAgain(room, attempt + 1);
        }
        await this.#remember(room, { lastError: errorFieldOf(error) });
        this.#options.onError(room, error);
        const again = !(error instanceof StanzaError) || error.retryable;
        if (again && this.#account.online()) this.#later(60_000, () => this.#joinAgain(room, 0));
      })
      .catch((error: unknown) => this.#options.onError(room, error));
  }

  async #enter(jid: string, nick: string): Promise<string> {
    if (!this.#account.online()) throw new NotConnectedError(this.#account.jid);
    const info = await discoInfo(this.#account.requester, jid).catch(() => undefined);
    const room: Room = {
      jid,
      nick,
      state: "joining",
      isTellingHistory: true,
      features: new Set(),
      occupants: new Map(),
    };
    this.#rooms.get(jid)?.settle?.(new ConflictError(`another attempt to join ${jid} has begun`));
    this.#rooms.set(jid, room);
    await this.#learn(room, info);
    try {
      await this.#present(room);
      // Nobody could say anything of a room that we have made by joining it.
      if (!info)
        await this.#learn(room, await discoInfo(this.#account.requester, jid).catch(() => undefined));
    } catch (error) {
      if (this.#rooms.get(jid) === room) this.#rooms.delete(jid);
      throw error;
    }
    room.state = "joined";
    this.#options.onJoined(jid);
    return room.nick;
  }

  /** What a room says of itself (XEP-0045 §6.4). */
  async #learn(room: Room, info: DiscoInfo | undefined): Promise<void> {
    const { jid, nick } = room;
    room.features = info?.features ?? new Set();
    const name = info?.identities.find(({ category }) => category === "conference")?.name;
    await this.#remember(jid, {
      nick,
      occupantIds: room.features.has(NS_OCCUPANT_ID),
      ...(name !== undefined && this.#records.get(jid)?.name === undefined && { name }),
    });
  }

  /** Sends our presence and waits until the room has said that we are in. */
  #present(room: Room): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => room.settle?.(new RequestTimeoutError(`${room.jid} did not let us in in time`)),
        this.#options.joinTimeoutMs ?? JOIN_TIMEOUT_MS,
      );
      room.settle = (error) => {
        clearTimeout(timer);
        room.settle = undefined;
        if (error) reject(error);
        else resolve();
      };
      const presence = joinPresence(room.jid, room.nick, {
        password: this.#account.roomPassword(room.jid),
        history: !room.features.has(NS_MAM),
        extra: this.#options.presenceExtra(),
      });
      this.#account
        .send(presence)
        .catch((error: unknown) => room.settle?.(error instanceof Error ? error : new Error(String(error))));
    });
  }

  async #remember(jid: string, patch: Partial<Omit<RoomRecord, "accountId" | "jid">>): Promise<void> {
    await this.#store.rooms.update(this.#account.id, jid, patch);
    const record = await this.#store.rooms.get(this.#account.id, jid);
    if (record) this.#records.set(jid, record);
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

  #ping(room: Room): void {
    if (!this.#account.online()) return;
    selfPing(this.#account.requester, room.jid, room.nick)
      .then((outcome) => {
        if (outcome === "not-joined" && this.#rooms.get(room.jid) === room) this.notInRoom(room.jid);
      })
      .catch((error: unknown) => this.#options.onError(room.jid, error));
  }
}
