import type { Database } from "../database.js";
import { join, sql } from "../sql.js";

/** Which reactions are meant: one sender's to one message. */
export interface ReactionKey {
  readonly accountId: number;
  readonly conversation: string;
  /** The message's id on the wire; the message need not be stored. */
  readonly target: string;
  readonly sender: string;
}

/** What one sender's reactions to one message are now. An empty set stays, so that older ones cannot return. */
export interface ReactionRecord extends ReactionKey {
  readonly emojis: readonly string[];
  readonly timestamp: Date;
  /** Id of our own stanza that set them, by which a refusal names it. */
  readonly stanzaWireId?: string;
  /** Our set before, while this one may still be refused (XEP-0444 §3.3). */
  readonly previousEmojis?: readonly string[];
}

interface Row {
  account_id: number;
  conversation: string;
  target: string;
  sender: string;
  emojis: string;
  timestamp: number;
  stanza_wire_id: string | null;
  previous_emojis: string | null;
}

const recordOf = (row: Row): ReactionRecord => ({
  accountId: row.account_id,
  conversation: row.conversation,
  target: row.target,
  sender: row.sender,
  emojis: JSON.parse(row.emojis) as string[],
  timestamp: new Date(Number(row.timestamp)),
  stanzaWireId: row.stanza_wire_id ?? undefined,
  previousEmojis: row.previous_emojis ? (JSON.parse(row.previous_emojis) as string[]) : undefined,
});

/** The reactions ledger (XEP-0444). */
export class ReactionRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(key: ReactionKey): Promise<ReactionRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<Row>(
        sql`SELECT * FROM reaction WHERE account_id = ${key.accountId} AND conversation = ${key.conversation}
            AND target = ${key.target} AND sender = ${key.sender}`,
      );
      return row && recordOf(row);
    });
  }

  put(record: ReactionRecord): Promise<void> {
    const previous = record.previousEmojis ? JSON.stringify(record.previousEmojis) : null;
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        INSERT INTO reaction (account_id, conversation, target, sender, emojis, timestamp, stanza_wire_id, previous_emojis)
        VALUES (${record.accountId}, ${record.conversation}, ${record.target}, ${record.sender},
          ${JSON.stringify(record.emojis)}, ${record.timestamp.getTime()}, ${record.stanzaWireId ?? null}, ${previous})
        ON CONFLICT (account_id, conversation, target, sender) DO UPDATE SET emojis = excluded.emojis,
          timestamp = excluded.timestamp, stanza_wire_id = excluded.stanza_wire_id, previous_emojis = excluded.previous_emojis`),
    );
  }

  /** Our reactions that were set by the stanza with this id. */
  findByStanza(accountId: number, stanzaWireId: string): Promise<ReactionRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<Row>(
        sql`SELECT * FROM reaction WHERE account_id = ${accountId} AND stanza_wire_id = ${stanzaWireId}`,
      );
      return row && recordOf(row);
    });
  }

  /** Reactions to any of these targets of one conversation, in the order of their time. Tombstones are left out. */
  forTargets(accountId: number, conversation: string, targets: readonly string[]): Promise<ReactionRecord[]> {
    if (targets.length === 0) return Promise.resolve([]);
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(
        sql`SELECT * FROM reaction WHERE account_id = ${accountId} AND conversation = ${conversation}
            AND target IN (${join([...targets])}) AND emojis <> '[]' ORDER BY timestamp, sender`,
      );
      return rows.map(recordOf);
    });
  }
}
