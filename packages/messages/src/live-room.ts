import {
  bareJid,
  type MucPresence,
  mucStatus,
  NS_MAM,
  NS_OCCUPANT_ID,
  NS_SID,
  RequestTimeoutError,
} from "@larder/core";

export interface Occupant {
  readonly realJid?: string;
  readonly occupantId?: string;
  readonly since: Date;
}

/** A presence of ours that the room has not answered yet. */
interface Asked {
  readonly nick: string;
  readonly resolve: (presence: MucPresence) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One room in this session.
 *
 * | state | entered | left |
 * |---|---|---|
 * | `joining` | our first presence is sent | the room sends us our presence, refuses it, or does not answer |
 * | `joined` | the room has sent us our own presence | the room says that we are not in it, or the session ends |
 *
 * A change of nick does not change the state: until the room confirms it, we are in the room under the former nick.
 */
export class LiveRoom {
  readonly jid: string;
  nick: string;
  state: "joining" | "joined" = "joining";
  features: ReadonlySet<string> = new Set();
  /** True while the room sends its discussion history; its subject follows that (XEP-0045 §7.2.15). */
  tellsHistory = true;
  #ownOccupantId: string | undefined;
  readonly #occupants = new Map<string, Occupant>();
  #asked: Asked | undefined;

  constructor(jid: string, nick: string) {
    this.jid = jid;
    this.nick = nick;
  }

  get ownOccupantId(): string | undefined {
    return this.announcesOccupantIds ? this.#ownOccupantId : undefined;
  }

  get announcesOccupantIds(): boolean {
    return this.features.has(NS_OCCUPANT_ID);
  }

  get announcesStanzaIds(): boolean {
    return this.features.has(NS_SID) || this.features.has(NS_MAM);
  }

  occupant(nick: string): Occupant | undefined {
    return this.#occupants.get(nick);
  }

  /**
   * Asks the room for a nick, to enter it or to change the nick, and waits for its answer.
   *
   * @returns our presence from the room
   * @throws {StanzaError} the room refuses it
   * @throws {RequestTimeoutError} no answer within `timeoutMs`
   */
  ask(nick: string, timeoutMs: number, send: () => Promise<void>): Promise<MucPresence> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.fail(new RequestTimeoutError(`${this.jid} did not answer to our presence in time`)),
        timeoutMs,
      );
      this.#asked = { nick, resolve, reject, timer };
      send().catch((error: unknown) => this.fail(error instanceof Error ? error : new Error(String(error))));
    });
  }

  /** Ends the wait if the room refuses a presence of ours. In a joined room, only a refusal of the nick that we asked for counts. */
  refused(error: Error, nick: string | undefined): void {
    if (this.state === "joining" || nick === undefined || nick === this.#asked?.nick) this.fail(error);
  }

  /** Ends the wait for an answer. */
  fail(error: Error): void {
    this.#settled()?.reject(error);
  }

  isSelf({ nick, statuses }: MucPresence): boolean {
    return statuses.has(mucStatus.self) || (this.state === "joined" && nick === this.nick);
  }

  /** Adds or updates an occupant; it may be ourselves. */
  entered(presence: MucPresence): void {
    const { nick, realJid, occupantId } = presence; // ownOccupantId checks that the room announces such ids, as it may do so later
    const known = this.#occupants.get(nick);
    const sameId = !this.announcesOccupantIds || known?.occupantId === occupantId;
    const same = known && sameId && bareJid(known.realJid) === bareJid(realJid);
    this.#occupants.set(nick, { realJid, occupantId, since: same ? known.since : new Date() });
    if (!this.isSelf(presence)) return;
    this.#ownOccupantId = occupantId;
    this.nick = nick;
    this.#settled()?.resolve(presence);
  }

  /**
   * Removes an occupant, or gives it another nick.
   *
   * @returns false if it has only changed its nick
   */
  left(presence: MucPresence): boolean {
    const { nick, statuses, newNick } = presence;
    const known = this.#occupants.get(nick);
    this.#occupants.delete(nick);
    if (!statuses.has(mucStatus.nickChanged) || newNick === undefined) return true;
    if (known) this.#occupants.set(newNick, { ...known, since: new Date() });
    if (this.isSelf(presence)) this.nick = newNick;
    return false;
  }

  #settled(): Asked | undefined {
    const asked = this.#asked;
    clearTimeout(asked?.timer);
    this.#asked = undefined;
    return asked;
  }
}
