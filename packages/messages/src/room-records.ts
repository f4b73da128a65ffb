import type { RoomRecord, RoomState, Store } from "@larder/storage";

/** What is known of a room without being in it. */
export type RoomPatch = Partial<Omit<RoomRecord, "accountId" | "jid" | "state">>;

/** An account and a room, and what is to be said of the one's being in the other. */
export interface RoomStanding {
  readonly room: string;
  readonly state: RoomState;
  readonly nick?: string;
  readonly name?: string;
  /** In the room's words. */
  readonly reason?: string;
  readonly alternate?: string;
  readonly error?: Readonly<Record<string, unknown>>;
}

/** We stay in it from one session to the next. */
export const isWanted = ({ joined, autojoin, bookmarked }: RoomRecord): boolean =>
  joined || (autojoin && bookmarked);

/** What the database has of an account's rooms, in memory too: it is asked at every stanza. */
export class RoomRecords {
  readonly #store: Store;
  readonly #account: number;
  #records = new Map<string, RoomRecord>();

  constructor(store: Store, account: number) {
    this.#store = store;
    this.#account = account;
  }

  async load(): Promise<void> {
    this.#records = new Map((await this.#store.rooms.list(this.#account)).map((room) => [room.jid, room]));
  }

  get(jid: string): RoomRecord | undefined {
    return this.#records.get(jid);
  }

  all(): RoomRecord[] {
    return [...this.#records.values()];
  }

  async change(jid: string, patch: RoomPatch): Promise<void> {
    await this.#store.rooms.update(this.#account, jid, patch);
    await this.#read(jid);
  }

  /** Changes what is given, and tells in the same commit what the account is in the room now, where that was not told last. */
  async tell(jid: string, state: RoomState, patch: RoomPatch): Promise<void> {
    await this.#store.database.write(async (unit) => {
      const before = await this.#store.rooms.get(this.#account, jid);
      await this.#store.rooms.update(this.#account, jid, { ...patch, state });
      const after = await this.#store.rooms.get(this.#account, jid);
      const isNews = before?.state !== state || (state === "joined" && before.nick !== after?.nick);
      if (!after || !isNews) return;
      await unit.log("muc_state", this.#account, { ...standingOf(after, state), origin: "live" });
    });
    await this.#read(jid);
  }

  async #read(jid: string): Promise<void> {
    const record = await this.#store.rooms.get(this.#account, jid);
    if (record) this.#records.set(jid, record);
  }
}

/** A room as it is listed. */
export interface ListedRoom extends RoomStanding {
  readonly bookmarked: boolean;
  readonly autojoin: boolean;
}

/** What a record says where the account is in this state. */
export function standingOf(record: RoomRecord, state: RoomState): RoomStanding {
  const { jid, nick, name, removal, lastError } = record;
  const error = state === "removed" ? removal?.error : state === "joining" ? lastError : undefined;
  return {
    room: jid,
    state,
    ...(nick !== undefined && { nick }),
    ...(name !== undefined && { name }),
    ...(state === "removed" && removal?.reason !== undefined && { reason: removal.reason }),
    ...(state === "removed" && removal?.alternate !== undefined && { alternate: removal.alternate }),
    ...(error && { error }),
  };
}
