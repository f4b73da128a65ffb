import type { Database } from "../database.js";
import { InvalidQueryError } from "../errors.js";
import { checkKeys } from "../keys.js";
import { type Executor, join, type Sql, sql } from "../sql.js";

/** What an account has with one other party or room. */
export interface ConversationRecord {
  readonly id: number;
  readonly accountId: number;
  readonly jid: string;
  readonly type: string;
  readonly name?: string;
  /** Row of its newest message. */
  readonly lastMessageId?: number;
  readonly lastTimestamp?: Date;
  readonly unread: number;
  /** Up to here the user has seen it, on any device. */
  readonly displayedPosition?: number;
  /** What another device says is displayed, while its message is not here yet (XEP-0490). */
  readonly displayedStanzaId?: string;
}

/** New messages of one conversation. */
export interface ConversationChange {
  readonly jid: string;
  readonly type: string;
  /** The newest of them. */
  readonly last: { readonly id: number; readonly timestamp: Date; readonly position: number };
  /** The positions of those that came in. */
  readonly incoming: readonly number[];
  /** The newest message of our own: everything up to it has been seen. */
  readonly seen?: { readonly id: number; readonly timestamp: Date; readonly position: number };
}

type Row = Record<string, string | number | null>;
const text = (value: unknown) => (value == null ? undefined : String(value));

const recordOf = (row: Row): ConversationRecord => ({
  id: Number(row.id),
  accountId: Number(row.account_id),
  jid: String(row.jid),
  type: String(row.type),
  name: text(row.name),
  lastMessageId: row.last_message_id == null ? undefined : Number(row.last_message_id),
  lastTimestamp: row.last_timestamp == null ? undefined : new Date(Number(row.last_timestamp)),
  unread: Number(row.unread),
  displayedPosition: row.displayed_position == null ? undefined : Number(row.displayed_position),
  displayedStanzaId: text(row.displayed_stanza_id),
});

const unreadAfter = (accountId: number, jid: string, position: Sql) => sql`(SELECT count(*) FROM message m
  WHERE m.account_id = ${accountId} AND m.conversation = ${jid} AND m.position > ${position} AND m.direction = 'in'
    AND m.retracted IS NULL)`;

/** Conversations with their newest message and the number of unread ones. */
export class ConversationRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(accountId: number, jid: string): Promise<ConversationRecord | undefined> {
    return this.#db.read(({ executor }) => this.#get(executor, accountId, jid));
  }

  /**
   * Takes in new messages, in the unit of work that keeps them. A message of our own says that everything before it was seen.
   *
   * @throws {KeyTooLongError} an address
   */
  async note(accountId: number, changes: readonly ConversationChange[]): Promise<void> {
    if (changes.length === 0) return;
    for (const { jid } of changes) checkKeys({ conversation: jid });
    return this.#db.write(async ({ executor }) => {
      for (const change of changes) await this.#note(executor, accountId, change);
    });
  }

  async #note(executor: Executor, accountId: number, change: ConversationChange): Promise<void> {
    const { jid, last } = change;
    const known = await this.#get(executor, accountId, jid);
    const seen = known ? known.displayedPosition : await this.#beginning(executor, accountId);
    const moved = change.seen !== undefined && (seen === undefined || change.seen.position > seen);
    const mark = moved ? change.seen : undefined;
    const displayed = mark?.position ?? seen;
    const fresh = change.incoming.filter(
      (position) => displayed === undefined || position > displayed,
    ).length;
    // By their places: an archive of whole seconds says the same time of many.
    const newer = sql`coalesce((SELECT position FROM message m WHERE m.id = conversation.last_message_id), -1) <= ${last.position}`;
    await executor.run(sql`
      INSERT INTO conversation (account_id, jid, type, last_message_id, last_timestamp, unread, displayed_position)
      VALUES (${accountId}, ${jid}, ${change.type}, ${last.id}, ${last.timestamp.getTime()}, ${fresh}, ${displayed ?? null})
      ON CONFLICT (account_id, jid) DO UPDATE SET
        type = excluded.type,
        last_message_id = CASE WHEN ${newer} THEN excluded.last_message_id ELSE conversation.last_message_id END,
        last_timestamp = CASE WHEN ${newer} THEN excluded.last_timestamp ELSE conversation.last_timestamp END,
        unread = conversation.unread + excluded.unread, displayed_position = excluded.displayed_position`);
    if (!mark) return;
    await executor.run(sql`
      UPDATE conversation SET displayed_message_id = ${mark.id}, displayed_timestamp = ${mark.timestamp.getTime()}
      WHERE account_id = ${accountId} AND jid = ${jid}`);
    await this.recount(accountId, jid);
  }

  /** Messages went elsewhere in the order: marks go with them, and what is unread is counted anew. */
  follow(accountId: number, messageIds: readonly number[]): Promise<void> {
    if (messageIds.length === 0) return Promise.resolve();
    return this.#db.write(async ({ executor }) => {
      const moved = executor.dialect.records(
        { id: "number" },
        messageIds.map((id) => ({ id })),
      );
      await executor.run(sql`
        UPDATE conversation SET displayed_position = (SELECT position FROM message m WHERE m.id = displayed_message_id),
          displayed_timestamp = (SELECT timestamp FROM message m WHERE m.id = displayed_message_id)
        WHERE account_id = ${accountId} AND displayed_message_id IN (SELECT id FROM ${moved} AS g)`);
      await executor.run(sql`
        UPDATE conversation SET last_timestamp = (SELECT timestamp FROM message m WHERE m.id = last_message_id)
        WHERE account_id = ${accountId} AND last_message_id IN (SELECT id FROM ${moved} AS g)`);
      const rows = await executor.all<{ jid: string }>(sql`
        SELECT DISTINCT m.conversation AS jid FROM ${moved} AS g ${executor.dialect.joinInOrder} message m ON m.id = g.id`);
      for (const { jid } of rows) await this.recount(accountId, jid);
    });
  }

  /** What was said before the account was added here counts as seen, unless another device says otherwise. Archives may have whole seconds. */
  async #beginning(executor: Executor, accountId: number): Promise<number> {
    const row = await executor.first<{ created_at: number }>(
      sql`SELECT created_at FROM account WHERE id = ${accountId}`,
    );
    return Math.floor(Number(row?.created_at ?? 0) / 1000) * 1_000_000 - 1;
  }

  /** Counts what is unread anew: after a mark, a retraction, or a message that went elsewhere in the order. */
  recount(accountId: number, jid: string): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        UPDATE conversation SET unread = ${unreadAfter(accountId, jid, sql`coalesce(conversation.displayed_position, -1)`)}
        WHERE account_id = ${accountId} AND jid = ${jid}`),
    );
  }

  /**
   * Everything up to a message was seen. A mark never goes back.
   *
   * @param by.stanzaId resolves what another device said
   * @returns whether that changed anything
   */
  displayed(
    accountId: number,
    jid: string,
    message: { readonly id: number; readonly timestamp: Date; readonly position: number },
  ): Promise<boolean> {
    return this.#db.write(async ({ executor }) => {
      const known = await this.#get(executor, accountId, jid);
      if (!known) return false;
      if (known.displayedPosition !== undefined && known.displayedPosition >= message.position) {
        await executor.run(
          sql`UPDATE conversation SET displayed_stanza_id = NULL, displayed_stanza_id_by = NULL WHERE id = ${known.id}`,
        );
        return false;
      }
      await executor.run(sql`
        UPDATE conversation SET displayed_message_id = ${message.id}, displayed_timestamp = ${message.timestamp.getTime()},
          displayed_position = ${message.position}, displayed_stanza_id = NULL, displayed_stanza_id_by = NULL
        WHERE id = ${known.id}`);
      await this.recount(accountId, jid);
      return true;
    });
  }

  /** Another device has displayed a message that is not here yet. */
  async displayedElsewhere(
    accountId: number,
    jid: string,
    type: string,
    stanzaId: string,
    by: string,
  ): Promise<void> {
    checkKeys({ conversation: jid, stanzaId, by });
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        INSERT INTO conversation (account_id, jid, type, unread, displayed_stanza_id, displayed_stanza_id_by)
        VALUES (${accountId}, ${jid}, ${type}, 0, ${stanzaId}, ${by})
        ON CONFLICT (account_id, jid) DO UPDATE SET displayed_stanza_id = excluded.displayed_stanza_id,
          displayed_stanza_id_by = excluded.displayed_stanza_id_by`),
    );
  }

  /** Conversations with a mark of another device whose message was not here. */
  awaitingMark(accountId: number): Promise<{ jid: string; stanzaId: string; by: string }[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(
        sql`SELECT jid, displayed_stanza_id, displayed_stanza_id_by FROM conversation
            WHERE account_id = ${accountId} AND displayed_stanza_id IS NOT NULL`,
      );
      return rows.map((row) => ({
        jid: String(row.jid),
        stanzaId: String(row.displayed_stanza_id),
        by: String(row.displayed_stanza_id_by),
      }));
    });
  }

  /** Gives a conversation its name. */
  rename(accountId: number, jid: string, name: string | undefined): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(
        sql`UPDATE conversation SET name = ${name ?? null} WHERE account_id = ${accountId} AND jid = ${jid}`,
      ),
    );
  }

  /**
   * Conversations with at least one message, newest first.
   *
   * @param query.before an instant, or the uid of the last message of the last conversation of the page before
   * @throws {InvalidQueryError} a uid nobody has
   */
  list(query: { accountId?: number; before?: string | Date; limit: number }): Promise<{
    conversations: (ConversationRecord & { lastMessageId: number })[];
    complete: boolean;
  }> {
    return this.#db.read(async ({ executor }) => {
      const conditions = [sql`c.last_message_id IS NOT NULL`];
      if (query.accountId !== undefined) conditions.push(sql`c.account_id = ${query.accountId}`);
      if (query.before instanceof Date) conditions.push(sql`c.last_timestamp < ${query.before.getTime()}`);
      else if (query.before !== undefined) {
        const row = await executor.first<{ last_timestamp: number; id: number }>(sql`
          SELECT m.timestamp AS last_timestamp, c.id FROM message m JOIN conversation c
            ON c.account_id = m.account_id AND c.jid = m.conversation WHERE m.uid = ${query.before}`);
        if (!row) throw new InvalidQueryError("before", `before: no message has the uid ${query.before}`);
        conditions.push(sql`(c.last_timestamp, c.id) < (${row.last_timestamp}, ${row.id})`);
      }
      const rows = await executor.all<Row>(sql`
        SELECT c.* FROM conversation c WHERE ${join(conditions, " AND ")}
        ORDER BY c.last_timestamp DESC, c.id DESC LIMIT ${query.limit + 1}`);
      const page = rows.slice(0, query.limit).map(recordOf);
      return {
        conversations: page.map((record) => ({ ...record, lastMessageId: record.lastMessageId ?? 0 })),
        complete: rows.length <= query.limit,
      };
    });
  }

  async #get(executor: Executor, accountId: number, jid: string): Promise<ConversationRecord | undefined> {
    const row = await executor.first<Row>(
      sql`SELECT * FROM conversation WHERE account_id = ${accountId} AND jid = ${jid}`,
    );
    return row && recordOf(row);
  }
}
