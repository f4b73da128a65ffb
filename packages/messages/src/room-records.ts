import type { RoomRecord, RoomState, Store } from "@larder/storage";

/** The fields of a room's record that change. */
export type RoomPatch = Partial<Omit<RoomRecord, "accountId" | "jid" | "state">>;

/** The state of an account in a room. */
export interface RoomStanding {
  readonly room: string;
  readonly state: RoomState;
  readonly nick?: string;
  readonly name?: string;
  /** The reason in the room's words. */
  readonly reason?: string;
  readonly alternate?: string;
  readonly error?: Readonly<Record<string, unknown>>;
}

/** Returns true if the room is joined in every session. */
export const isWanted = ({ joined, autojoin, bookmarked }: RoomRecord): boolean =>
  joined || (autojoin && bookmarked);

/** The records of an account's rooms in the database, with a copy in memory, as every stanza needs them. */
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

  /** Changes a record. If the state in the room is another than the last event said, the same commit logs an event. */
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

/** One room in the list of rooms. */
export interface ListedRoom extends RoomStanding {
  readonly bookmarked: boolean;
  readonly autojoin: boolean;
}

/** Builds the standing of a room from its record and a state. */
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
