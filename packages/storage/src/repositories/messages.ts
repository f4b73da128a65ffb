import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { join, type Sql, sql } from "../sql.js";
import type { PlacedPoint } from "./archives.js";
import { type HistoryQuery, readHistory } from "./message-history.js";
import { loadMessages } from "./message-loading.js";
import {
  type CopyCandidate,
  type CopySought,
  copyCandidates,
  messagesNamed,
  messagesOfWords,
  type NamedBy,
  type NamedHead,
  type SameWords,
  type WireName,
} from "./message-names.js";
import {
  headColumns,
  headOf,
  type MessageCorrection,
  type MessageHead,
  type MessageRecord,
  type MessageVersion,
  type NewMessage,
  type MessageRow as Row,
} from "./message-record.js";
import { completeMessage, correctMessage, retractMessage, versionsOf } from "./message-revisions.js";
import { insertMessages } from "./message-writing.js";

export type { HistoryQuery } from "./message-history.js";
export type { CopyCandidate, CopySought, NamedBy, NamedHead, SameWords, WireName } from "./message-names.js";

/** Where the archive puts a message. */
export interface MessagePlace {
  readonly id: number;
  readonly timestamp: Date;
  readonly position: number;
}

/** How far an archive's order may be from the order of its stamps for a search by time to see it. */
const SLACK_MS = 3_600_000;
/** How far a place is looked for: what is further away needs no moving. */
const DAY_MS = 86_400_000;

/** Message history. Order is the archive's, else time, then the order of arrival. */
export class MessageRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Keeps a new message; its text is searchable from the same commit on.
   *
   * @throws {KeyTooLongError} an id or an address of it
   */
  async insert(message: NewMessage): Promise<MessageRecord> {
    const [inserted] = await this.insertAll([message]);
    if (!inserted) throw new Error("nothing was inserted");
    return inserted;
  }

  /**
   * Keeps new messages, in their order.
   *
   * @throws {KeyTooLongError} an id or an address of one; nothing is kept
   */
  insertAll(messages: readonly NewMessage[]): Promise<MessageRecord[]> {
    return this.#db.write(({ executor }) => insertMessages(executor, messages));
  }

  get(uid: string): Promise<MessageRecord | undefined> {
    return this.#one(sql`uid = ${uid}`);
  }

  /** Messages by their rows; those that are not there are left out. */
  byIds(ids: readonly number[]): Promise<MessageRecord[]> {
    return this.#db.read(({ executor }) => {
      const rows = ids.map((id) => ({ id }));
      return loadMessages(
        executor,
        sql`WHERE m.id IN (SELECT id FROM ${executor.dialect.records({ id: "number" }, rows)} AS wanted)`,
      );
    });
  }

  /** The message that an archive knows by this id (XEP-0359). */
  async findByStanzaId(accountId: number, by: string, stanzaId: string): Promise<MessageHead | undefined> {
    return (await this.byStanzaIds(accountId, by, [stanzaId])).get(stanzaId);
  }

  /**
   * Those messages that an archive knows by these ids, each by the id that was asked for. Where one message has an id as its own
   * and another as an alias, it is the one whose own it is.
   */
  byStanzaIds(accountId: number, by: string, ids: readonly string[]): Promise<Map<string, MessageHead>> {
    if (ids.length === 0) return Promise.resolve(new Map());
    return this.#db.read(async ({ executor }) => {
      const { dialect } = executor;
      // The list is bound once: that of a page costs more than what it finds.
      const rows =
        await executor.all<Row>(sql`WITH wanted AS MATERIALIZED (SELECT value FROM ${dialect.list(ids)} AS listed)
        SELECT g.value AS asked, 1 AS own, ${headColumns} FROM wanted AS g ${dialect.joinInOrder} message m
          ON m.account_id = ${accountId} AND m.stanza_id_by = ${by} AND m.stanza_id = g.value AND m.stanza_id IS NOT NULL
        UNION ALL
        SELECT g.value AS asked, 0 AS own, ${headColumns} FROM wanted AS g ${dialect.joinInOrder} message_alias a
          ON a.account_id = ${accountId} AND a.given_by = ${by} AND a.value = g.value AND a.kind = 'stanza'
          ${dialect.joinInOrder} message m ON m.id = a.message_id`);
      const found = new Map<string, MessageHead>();
      for (const row of rows)
        if (Number(row.own) === 1 || !found.has(String(row.asked))) found.set(String(row.asked), headOf(row));
      return found;
    });
  }

  /**
   * Every message that one of these ids of the wire may mean (origin-id or id attribute, also of a correction of it),
   * earliest first; whose id it is, the caller has to look at. Of each id at most a hundred are read.
   */
  byWireNames(accountId: number, names: readonly WireName[], by: NamedBy = {}): Promise<NamedHead[]> {
    return this.#db.read(({ executor }) => messagesNamed(executor, accountId, names, by));
  }

  /** Stored messages that may be copies of these: by ids, direction and sender, the latest of each id first. */
  copyCandidates(accountId: number, sought: readonly CopySought[]): Promise<CopyCandidate[]> {
    if (sought.length === 0) return Promise.resolve([]);
    return this.#db.read(({ executor }) => copyCandidates(executor, accountId, sought));
  }

  /** First message with the same words about a time. */
  ofWords(words: SameWords): Promise<MessageHead[]> {
    return this.#db.read(({ executor }) => messagesOfWords(executor, words));
  }

  /** The earliest message of a conversation with this origin-id from this verified sender. */
  findByOriginId(
    accountId: number,
    conversation: string,
    sender: string,
    originId: string,
  ): Promise<MessageRecord | undefined> {
    return this.#one(
      sql`account_id = ${accountId} AND conversation = ${conversation} AND sender = ${sender} AND origin_id = ${originId}`,
    );
  }

  /**
   * The message that an id on the wire means: the origin-id if it had one, else the stanza's id, or that of a correction
   * (XEP-0308 §4); where both parties used the same id, the earliest stored message owns it.
   */
  async findByWireId(
    accountId: number,
    conversation: string,
    wireId: string,
  ): Promise<MessageHead | undefined> {
    const found = await this.byWireNames(accountId, [{ conversation, id: wireId }]);
    return found.find(
      ({ originId, wireId: id }) => originId === wireId || originId === undefined || id !== wireId,
    );
  }

  /**
   * Our own message that was sent with this id.
   *
   * @param party who it went to: its conversation; in private room messages exactly this address is it
   */
  findOutgoing(
    accountId: number,
    wireId: string,
    party: { conversation: string; address: string },
  ): Promise<MessageRecord | undefined> {
    const there = sql`account_id = ${accountId} AND conversation IN (${party.conversation}, ${party.address})
      AND direction = 'out'`;
    return this.#either(sql`${there} AND wire_id = ${wireId}`, sql`${there} AND origin_id = ${wireId}`);
  }

  /** Conversations of the account with messages that no server has confirmed yet. */
  pendingConversations(accountId: number): Promise<string[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ conversation: string }>(
        sql`SELECT DISTINCT conversation FROM message WHERE account_id = ${accountId} AND state = 'pending'`,
      );
      return rows.map((row) => row.conversation);
    });
  }

  /** Our messages of a conversation that no server has confirmed yet, oldest first. */
  pending(accountId: number, conversation: string): Promise<MessageRecord[]> {
    return this.#db.read(({ executor }) =>
      loadMessages(
        executor,
        sql`WHERE account_id = ${accountId} AND conversation = ${conversation} AND state = 'pending' ORDER BY id`,
      ),
    );
  }

  setState(id: number, state: string, error?: object): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(
        sql`UPDATE message SET state = ${state}, error = ${error ? JSON.stringify(error) : null} WHERE id = ${id}`,
      ),
    );
  }

  /** The stanza that is to go out for a message. */
  setRaw(id: number, raw: string): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(sql`UPDATE message SET raw = ${raw} WHERE id = ${id}`),
    );
  }

  /** What the room tells of a message's author. */
  setOccupant(
    id: number,
    occupant: { readonly occupantId?: string; readonly realJid?: string; readonly nick?: string },
  ): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(
        sql`UPDATE message SET occupant_id = ${occupant.occupantId ?? null}, real_jid = ${occupant.realJid ?? null},
            nick = ${occupant.nick ?? null} WHERE id = ${id}`,
      ),
    );
  }

  /** Our messages of a conversation up to a position that the other side may still confirm, newest first. */
  sentUpTo(accountId: number, conversation: string, position: number): Promise<MessageRecord[]> {
    return this.#db.read(({ executor }) =>
      loadMessages(
        executor,
        sql`WHERE m.account_id = ${accountId} AND m.conversation = ${conversation} AND m.position <= ${position}
            AND m.direction = 'out' AND m.state IN ('pending', 'sent', 'delivered') ORDER BY m.position DESC LIMIT 1000`,
      ),
    );
  }

  /**
   * The position of an archive's point in the history: that of the message of its id, or else the one remembered with it. If there
   * is neither, it is that of the last message that is no later than its time (`side: "until"`) or of the first that is no earlier
   * (`"since"`). Stamps decide that, not positions: those were moved on where the archive's order needs it.
   *
   * @returns undefined where there is none
   */
  archivePosition(
    accountId: number,
    archive: string,
    point: PlacedPoint,
    side: "until" | "since",
  ): Promise<number | undefined> {
    const there = sql`account_id = ${accountId} AND stanza_id_by = ${archive}`;
    // Reactions stand in the same order.
    const reactions = sql`account_id = ${accountId} AND placed AND (CASE WHEN groupchat THEN conversation = ${archive}
      ELSE EXISTS (SELECT 1 FROM account WHERE id = ${accountId} AND jid = ${archive}) END)`;
    return this.#db.read(async ({ executor }) => {
      const position = async (condition: Sql, order: Sql) => {
        const ends = [sql`message WHERE ${there}`, sql`reaction_change WHERE ${reactions}`].map(
          (source) =>
            sql`SELECT position FROM (SELECT position FROM ${source} AND stanza_id IS NOT NULL AND ${condition}
              ORDER BY position ${order} LIMIT 1) AS one`,
        );
        const row = await executor.first<{ position: number }>(
          sql`${join(ends, " UNION ALL ")} ORDER BY position ${order} LIMIT 1`,
        );
        return row && Number(row.position);
      };
      const named =
        (point.id === undefined ? undefined : await position(sql`stanza_id = ${point.id}`, sql`DESC`)) ??
        point.position;
      if (named !== undefined || point.time === undefined) return named;
      const at = point.time.getTime();
      const near = (ms: number) => (at + ms) * 1000;
      return side === "until"
        ? position(
            sql`timestamp <= ${at} AND position < ${near(SLACK_MS)} AND position > ${near(-DAY_MS)}`,
            sql`DESC`,
          )
        : position(
            sql`timestamp >= ${at} AND position > ${near(-SLACK_MS)} AND position < ${near(DAY_MS)}`,
            sql`ASC`,
          );
    });
  }

  /**
   * Records the id that the archive gave a message we already had.
   *
   * @throws {KeyTooLongError}
   */
  async setStanzaId(id: number, by: string, stanzaId: string): Promise<void> {
    checkKeys({ stanzaIdBy: by, stanzaId });
    return this.#db.write(({ executor }) =>
      executor.run(
        sql`UPDATE message SET stanza_id = ${stanzaId}, stanza_id_by = ${by} WHERE id = ${id} AND stanza_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM message other WHERE other.account_id = message.account_id
              AND other.stanza_id_by = ${by} AND other.stanza_id = ${stanzaId})`,
      ),
    );
  }

  /** Puts messages where the archive has them. */
  async place(places: readonly MessagePlace[]): Promise<void> {
    if (places.length === 0) return;
    const rows = places.map(({ id, timestamp, position }) => ({
      id,
      timestamp: timestamp.getTime(),
      position,
    }));
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        UPDATE message SET timestamp = g.timestamp, position = g.position
        FROM ${executor.dialect.records({ id: "number", timestamp: "number", position: "number" }, rows)} AS g
        WHERE message.id = g.id`),
    );
  }

  /**
   * Another id of the same archive is the message's own from now on; where it was an alias, it is none any more.
   *
   * @returns false where another row has that id: then nothing is changed
   * @throws {KeyTooLongError}
   */
  async replaceStanzaId(id: number, stanzaId: string): Promise<boolean> {
    checkKeys({ stanzaId });
    return this.#db.write(async ({ executor }) => {
      const claimed = await executor.first(
        sql`SELECT 1 FROM message other JOIN message m ON m.id = ${id} WHERE other.account_id = m.account_id
            AND other.stanza_id_by = m.stanza_id_by AND other.stanza_id = ${stanzaId} AND other.id <> m.id`,
      );
      if (claimed) return false;
      await executor.run(
        sql`DELETE FROM message_alias WHERE message_id = ${id} AND kind = 'stanza' AND value = ${stanzaId}`,
      );
      await executor.run(sql`UPDATE message SET stanza_id = ${stanzaId} WHERE id = ${id}`);
      return true;
    });
  }

  /**
   * Puts a correction in the place of what was said (XEP-0308). The message keeps its uid, ids and place;
   * what stood before is kept as a version, and search finds the new text alone from the same commit on.
   *
   * @returns false where the message is retracted, which wins over any correction, or gone
   */
  correct(id: number, correction: MessageCorrection): Promise<boolean> {
    return this.#db.write(({ executor }) => correctMessage(executor, id, correction));
  }

  /**
   * The first version of a message of which only a correction was here: the row takes its ids and place, and what it
   * said is kept as a version.
   */
  completeWith(id: number, first: NewMessage): Promise<void> {
    return this.#db.write(({ executor }) => completeMessage(executor, id, first));
  }

  /**
   * Takes back what was said (XEP-0424, 0425): texts, versions, reactions and stanza go, and no search finds them from
   * the same commit on. The row stays, so that a later copy from an archive cannot bring them back.
   *
   * @param digest of the first version, where the row has none and it is still known
   */
  retract(id: number, at: Date, digest?: string): Promise<void> {
    return this.#db.write(({ executor }) => retractMessage(executor, id, at, digest));
  }

  /** What a message said before its corrections, oldest first. */
  versions(id: number): Promise<MessageVersion[]> {
    return this.#db.read(({ executor }) => versionsOf(executor, id));
  }

  /**
   * A page of history, oldest first. Without `after` it is the newest page before `before`.
   *
   * @returns `complete`: nothing further in the direction of reading
   * @throws {InvalidQueryError} a uid nobody has, or a search that cannot be read
   */
  history(query: HistoryQuery): Promise<{ messages: MessageRecord[]; complete: boolean }> {
    return readHistory(this.#db, query);
  }

  count(): Promise<number> {
    return this.#db.read(
      async ({ executor }) =>
        (await executor.first<{ n: number }>(sql`SELECT count(*) AS n FROM message`))?.n ?? 0,
    );
  }

  /** The earliest that fits one or the other. Said as one condition, SQLite would read the whole conversation. */
  #either(one: Sql, other: Sql): Promise<MessageRecord | undefined> {
    return this.#one(
      sql`m.id IN (SELECT id FROM message WHERE ${one} UNION ALL SELECT id FROM message WHERE ${other})`,
    );
  }

  #one(condition: Sql): Promise<MessageRecord | undefined> {
    return this.#db.read(
      async ({ executor }) =>
        (await loadMessages(executor, sql`WHERE ${condition} ORDER BY m.id LIMIT 1`))[0],
    );
  }
}
