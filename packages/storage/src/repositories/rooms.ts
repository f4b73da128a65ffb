import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { sql } from "../sql.js";

/** State of an account in a room. */
export type RoomState = "joined" | "joining" | "left" | "removed";

/** Why an account is not in a room any more, or cannot get in, by the room's doing. */
export interface RoomRemoval {
  /** In the room's words. */
  readonly reason?: string;
  /** The room that has taken a destroyed one's place (XEP-0045 §10.9). */
  readonly alternate?: string;
  readonly error: Readonly<Record<string, unknown>>;
  /** The room is gone: nothing but its user's wish brings the account back. */
  readonly destroyed: boolean;
}

/** A chat room (XEP-0045) that an account is in, was in, or has a bookmark of (XEP-0402). */
export interface RoomRecord {
  readonly accountId: number;
  readonly jid: string;
  /** What we are called there. */
  readonly nick?: string;
  readonly name?: string;
  readonly autojoin: boolean;
  /** We want to be in it now: it is joined again after a lost session. */
  readonly joined: boolean;
  readonly bookmarked: boolean;
  readonly subject?: string;
  /** The room announces occupant ids (XEP-0421). */
  readonly occupantIds: boolean;
  readonly lastError?: Readonly<Record<string, unknown>>;
  /** State that was logged last. */
  readonly state?: RoomState;
  readonly removal?: RoomRemoval;
}

type Row = Record<string, string | number | null>;
const text = (value: unknown) => (value == null ? undefined : String(value));

const recordOf = (row: Row): RoomRecord => ({
  accountId: Number(row.account_id),
  jid: String(row.jid),
  nick: text(row.nick),
  name: text(row.name),
  autojoin: Boolean(row.autojoin),
  joined: Boolean(row.joined),
  bookmarked: Boolean(row.bookmarked),
  subject: text(row.subject),
  occupantIds: Boolean(row.occupant_ids),
  lastError: row.last_error ? (JSON.parse(String(row.last_error)) as Record<string, unknown>) : undefined,
  state: text(row.state) as RoomState | undefined,
  removal: row.removal ? (JSON.parse(String(row.removal)) as RoomRemoval) : undefined,
});

/** Rooms by account and address. */
export class RoomRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(accountId: number): Promise<RoomRecord[]> {
    return this.#db.read(async ({ executor }) =>
      (await executor.all<Row>(sql`SELECT * FROM room WHERE account_id = ${accountId} ORDER BY jid`)).map(
        recordOf,
      ),
    );
  }

  get(accountId: number, jid: string): Promise<RoomRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<Row>(
        sql`SELECT * FROM room WHERE account_id = ${accountId} AND jid = ${jid}`,
      );
      return row && recordOf(row);
    });
  }

  /**
   * Changes what is given, and makes the row where there is none. A field that is present and undefined is forgotten.
   *
   * @throws {KeyTooLongError} the address
   */
  async update(
    accountId: number,
    jid: string,
    patch: Partial<Omit<RoomRecord, "accountId" | "jid">>,
  ): Promise<void> {
    checkKeys({ jid });
    return this.#db.write(async ({ executor }) => {
      const known = await this.get(accountId, jid);
      const room = {
        autojoin: false,
        joined: false,
        bookmarked: false,
        occupantIds: false,
        ...known,
        ...patch,
      };
      await executor.run(sql`
        INSERT INTO room (account_id, jid, nick, name, autojoin, joined, bookmarked, subject, occupant_ids, last_error, state,
          removal, updated_at)
        VALUES (${accountId}, ${jid}, ${room.nick ?? null}, ${room.name ?? null}, ${room.autojoin}, ${room.joined},
          ${room.bookmarked}, ${room.subject ?? null}, ${room.occupantIds},
          ${room.lastError ? JSON.stringify(room.lastError) : null}, ${room.state ?? null},
          ${room.removal ? JSON.stringify(room.removal) : null}, ${Date.now()})
        ON CONFLICT (account_id, jid) DO UPDATE SET nick = excluded.nick, name = excluded.name, autojoin = excluded.autojoin,
          joined = excluded.joined, bookmarked = excluded.bookmarked, subject = excluded.subject,
          occupant_ids = excluded.occupant_ids, last_error = excluded.last_error, state = excluded.state,
          removal = excluded.removal, updated_at = excluded.updated_at`);
    });
  }
}
