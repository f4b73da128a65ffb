import {
  ConnectionError,
  cancelRoom,
  type DiscoInfo,
  discoInfo,
  joinPresence,
  leavePresence,
  type MucHistory,
  mucStatus,
  NotConnectedError,
  NS_MAM,
  NS_OCCUPANT_ID,
  StanzaError,
} from "@larder/core";
import type { Store } from "@larder/storage";
import { LiveRoom } from "./live-room.js";
import { isNotThere } from "./room-endings.js";
import { JOIN_TIMEOUT_MS, type RoomAccount, type RoomsOptions } from "./room-options.js";
import { RoomPasswords } from "./room-passwords.js";
import type { RoomRecords } from "./room-records.js";

/** The number of attempts of an automatic join if somebody else has the nick, each with one more underscore. */
const NICK_ATTEMPTS = 3;
/** The most that the clock of a room may be behind ours. */
const CLOCKS_DIFFER_MS = 60_000;

/** Enters rooms (XEP-0045 §7.2). */
export class RoomEntrance {
  readonly passwords: RoomPasswords;
  readonly #store: Store;
  readonly #account: RoomAccount;
  readonly #records: RoomRecords;
  readonly #rooms: Map<string, LiveRoom>;
  readonly #options: RoomsOptions;

  /** @param rooms the rooms of this session; an entered room is added to them */
  constructor(
    store: Store,
    account: RoomAccount,
    records: RoomRecords,
    rooms: Map<string, LiveRoom>,
    options: RoomsOptions,
  ) {
    this.#store = store;
    this.#account = account;
    this.#records = records;
    this.#rooms = rooms;
    this.#options = options;
    this.passwords = new RoomPasswords(account);
  }

  /**
   * Enters a room without being asked, under another nick if somebody else has this one. It never creates the room.
   *
   * @throws as {@link enter}
   */
  async enterUnderSomeNick(room: string, nick: string): Promise<void> {
    for (let attempt = 0; attempt < NICK_ATTEMPTS; ) {
      const offered = this.passwords.isOffered(room);
      try {
        await this.enter(room, `${nick}${"_".repeat(attempt)}`, { automatic: true });
        return;
      } catch (error) {
        const condition = error instanceof StanzaError ? error.condition : undefined;
        const otherPassword = condition === "not-authorized" && offered; // the stored one may be right
        if (condition === "conflict") attempt++;
        if (attempt >= NICK_ATTEMPTS || !(condition === "conflict" || otherPassword)) throw error;
      }
    }
  }

  /**
   * Enters a room.
   *
   * @param options.automatic nobody has asked for it now: a room that does not exist is not created
   */
  async enter(
    jid: string,
    nick: string,
    { automatic = false }: { readonly automatic?: boolean } = {},
  ): Promise<void> {
    if (!this.#account.online()) throw new NotConnectedError(this.#account.jid);
    const info = await discoInfo(this.#account.requester, jid).catch((error: unknown) => {
      if (automatic && isNotThere(error)) throw error;
      return undefined;
    });
    const room = new LiveRoom(jid, nick);
    this.#rooms.set(jid, room);
    try {
      await this.learn(room, info);
      const history = await this.#historyFor(room);
      const password = this.passwords.of(jid);
      const extra = this.#options.presenceExtra();
      const presence = await room.ask(nick, this.#options.joinTimeoutMs ?? JOIN_TIMEOUT_MS, () =>
        this.#account.send(joinPresence(jid, nick, { password, history, extra })),
      );
      if (automatic && presence.statuses.has(mucStatus.created)) await this.#unmake(room);
      // A room that our join has created could not answer before.
      if (!info) await this.learn(room, await discoInfo(this.#account.requester, jid).catch(() => undefined));
    } catch (error) {
      if (this.#rooms.get(jid) === room) this.#rooms.delete(jid);
      if (error instanceof StanzaError && error.condition === "not-authorized") this.passwords.refused(jid);
      throw error;
    }
    if (this.#rooms.get(jid) !== room) throw new ConnectionError("the session ended");
    room.state = "joined";
    await this.passwords.taken(jid);
    const known = { joined: true, nick: room.nick, lastError: undefined, removal: undefined };
    await this.#records.tell(jid, "joined", known);
    this.#options.onJoined(jid);
  }

  /** Destroys a room that did not exist and that our presence has created. */
  async #unmake(room: LiveRoom): Promise<never> {
    this.#rooms.delete(room.jid);
    await this.#account.requester
      .request(cancelRoom(room.jid))
      .catch(() => this.#account.send(leavePresence(room.jid, room.nick)));
    throw new StanzaError("item-not-found", { from: room.jid, text: "the room is not there any more" });
  }

  /** Chooses the discussion history to ask a room for: none if it has an archive, else what it has since the last message that is here. */
  async #historyFor({ jid, features }: LiveRoom): Promise<MucHistory> {
    if (features.has(NS_MAM)) return "none";
    const { messages } = await this.#store.messages.history({
      accountId: this.#account.id,
      conversation: jid,
      limit: 1,
    });
    const last = messages[0]?.timestamp;
    return last === undefined ? "default" : { since: new Date(last.getTime() - CLOCKS_DIFFER_MS) };
  }

  /** Stores the features and the name of a room (XEP-0045 §6.4). */
  async learn(room: LiveRoom, info: DiscoInfo | undefined): Promise<void> {
    const { jid } = room;
    room.features = info?.features ?? new Set();
    const name = info?.identities.find(({ category }) => category === "conference")?.name;
    await this.#records.change(jid, {
      occupantIds: room.features.has(NS_OCCUPANT_ID),
      ...(name !== undefined && this.#records.get(jid)?.name === undefined && { name }),
    });
  }
}
