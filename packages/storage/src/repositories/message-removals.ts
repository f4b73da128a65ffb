import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { sql } from "../sql.js";
import type { WaitingLimits } from "./waiting-limits.js";

/** Names a message that may not be here, by an id and by who may take it back. */
export interface RemovalKey {
  readonly conversation: string;
  readonly kind: "origin" | "wire" | "stanza";
  readonly value: string;
  /** The room for its moderation, else the verified sender, which the message must have too. */
  readonly givenBy: string;
}

const columns = { conversation: "text", kind: "text", value: "text", given_by: "text" } as const;

/** Binding the names of a page costs more than looking whether the account has any removal at all. */
const WORTH_A_LOOK = 100;

/** Retractions and tombstones (XEP-0424, 0425) of messages that are not stored. */
export class MessageRemovalRepository {
  readonly #db: Database;
  readonly #mostWaiting: number;

  constructor(db: Database, limits: WaitingLimits) {
    this.#db = db;
    this.#mostWaiting = limits.removals;
  }

  /** @throws {KeyTooLongError} the id or an address */
  async put(accountId: number, key: RemovalKey, timestamp: Date): Promise<void> {
    checkKeys({ conversation: key.conversation, value: key.value, givenBy: key.givenBy });
    const { conversation, kind, value, givenBy } = key;
    return this.#db.write(async ({ executor }) => {
      await executor.run(sql`
        INSERT INTO message_removal (account_id, conversation, kind, value, given_by, timestamp, received_at)
        VALUES (${accountId}, ${conversation}, ${kind}, ${value}, ${givenBy}, ${timestamp.getTime()}, ${Date.now()})
        ON CONFLICT DO NOTHING`);
      const there = sql`account_id = ${accountId} AND conversation = ${conversation} AND given_by = ${givenBy}`;
      await executor.run(sql`
        DELETE FROM message_removal WHERE ${there} AND id <= (
          SELECT id FROM message_removal WHERE ${there} ORDER BY id DESC LIMIT 1 OFFSET ${this.#mostWaiting})`);
    });
  }

  /** When the messages with these names were taken back; those that were not are left out. By the place in the list. */
  find(accountId: number, keys: readonly RemovalKey[]): Promise<Map<number, Date>> {
    if (keys.length === 0) return Promise.resolve(new Map());
    return this.#db.read(async ({ executor }) => {
      const { dialect } = executor;
      const any = sql`SELECT 1 FROM message_removal WHERE account_id = ${accountId} LIMIT 1`;
      if (keys.length > WORTH_A_LOOK && !(await executor.first(any))) return new Map();
      const rows = keys.map(({ givenBy, ...rest }) => ({ ...rest, given_by: givenBy }));
      const found = await executor.all<{ place: number; timestamp: number }>(sql`
        SELECT g.key AS place, r.timestamp FROM ${dialect.records(columns, rows)} AS g
        ${dialect.joinInOrder} message_removal r ON r.account_id = ${accountId} AND r.conversation = g.conversation
          AND r.value = g.value AND r.kind = g.kind AND r.given_by = g.given_by`);
      return new Map(found.map(({ place, timestamp }) => [Number(place), new Date(Number(timestamp))]));
    });
  }
}
