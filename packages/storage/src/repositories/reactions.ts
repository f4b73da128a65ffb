import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { contains, join, sql } from "../sql.js";

/** Which reactions are meant: one sender's to one message. */
export interface ReactionKey {
  readonly accountId: number;
  readonly conversation: string;
  /** The message's id on the wire; the message need not be stored. */
  readonly target: string;
  readonly sender: string;
}

/** One change of our own that the other party may still refuse (XEP-0444 §3.3). */
export interface OwnReactionStep {
  /** Id of the stanza that made it, by which a refusal names it. */
  readonly stanzaWireId: string;
  /** The set that stood before it. */
  readonly before: readonly string[];
}

/** What one sender's reactions to one message are now. An empty set stays, so that older ones cannot return. */
export interface ReactionRecord extends ReactionKey {
  readonly emojis: readonly string[];
  readonly timestamp: Date;
  /** How our own set came about, oldest first. */
  readonly steps?: readonly OwnReactionStep[];
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
  steps: row.previous_emojis ? (JSON.parse(row.previous_emojis) as OwnReactionStep[]) : undefined,
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

  /** @throws {KeyTooLongError} the target or an address */
  async put(record: ReactionRecord): Promise<void> {
    const { conversation, target, sender } = record;
    const steps = record.steps && record.steps.length > 0 ? record.steps : undefined;
    checkKeys({ conversation, target, sender, stanzaWireId: steps?.at(-1)?.stanzaWireId });
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        INSERT INTO reaction (account_id, conversation, target, sender, emojis, timestamp, stanza_wire_id, previous_emojis)
        VALUES (${record.accountId}, ${record.conversation}, ${record.target}, ${record.sender},
          ${JSON.stringify(record.emojis)}, ${record.timestamp.getTime()}, ${steps?.at(-1)?.stanzaWireId ?? null},
          ${steps ? JSON.stringify(steps) : null})
        ON CONFLICT (account_id, conversation, target, sender) DO UPDATE SET emojis = excluded.emojis,
          timestamp = excluded.timestamp, stanza_wire_id = excluded.stanza_wire_id, previous_emojis = excluded.previous_emojis`),
    );
  }

  /** Our reactions in a conversation that the stanza with this id had a part in. */
  findByStanza(
    accountId: number,
    conversation: string,
    stanzaWireId: string,
  ): Promise<ReactionRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(
        sql`SELECT * FROM reaction WHERE account_id = ${accountId} AND conversation = ${conversation}
            AND stanza_wire_id IS NOT NULL AND ${contains(sql`previous_emojis`, JSON.stringify(stanzaWireId))}`,
      );
      return rows
        .map(recordOf)
        .find(({ steps }) => steps?.some((step) => step.stanzaWireId === stanzaWireId));
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
