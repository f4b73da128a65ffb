import type { Database } from "../database.js";
import { InvalidQueryError } from "../errors.js";
import { checkKeys } from "../keys.js";
import { parseFullTextQuery } from "../search/full-text-query.js";
import { type Executor, isStorable, join, type Sql, sql, unstorableText } from "../sql.js";
import {
  type LocalisedText,
  type MessageCorrection,
  type MessageRecord,
  type MessageVersion,
  messageColumns,
  messageOf,
  type NewMessage,
  type MessageRow as Row,
  type MessageTextRow as Text,
} from "./message-record.js";
import { insertMessages, keepTexts, searchableText } from "./message-writing.js";

/** Names a message within a conversation by an id of the wire. */
export interface WireName {
  readonly conversation: string;
  readonly id: string;
}

/** Where the archive puts a message. */
export interface MessagePlace {
  readonly id: number;
  readonly timestamp: Date;
  readonly position: number;
}

export interface HistoryQuery {
  readonly accountId?: number;
  readonly conversation?: string;
  /** A uid or an instant, not included. */
  readonly before?: string | Date;
  /** A uid or an instant, not included; the page then starts there and goes towards the present. */
  readonly after?: string | Date;
  readonly limit: number;
  readonly search?: string;
  readonly types?: readonly string[];
  /** The verified sender. */
  readonly from?: string;
  readonly direction?: "in" | "out";
}

/** How far an archive's order may be from the order of its stamps for a search by time to see it. */
const SLACK_MS = 3_600_000;

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
      return this.#load(
        executor,
        sql`WHERE m.id IN (SELECT id FROM ${executor.dialect.records({ id: "number" }, rows)} AS wanted)`,
      );
    });
  }

  /** The message that an archive knows by this id (XEP-0359). */
  async findByStanzaId(accountId: number, by: string, stanzaId: string): Promise<MessageRecord | undefined> {
    return (await this.byStanzaIds(accountId, by, [stanzaId])).get(stanzaId);
  }

  /** Those messages that an archive knows by these ids, each by the id that was asked for. */
  byStanzaIds(accountId: number, by: string, ids: readonly string[]): Promise<Map<string, MessageRecord>> {
    if (ids.length === 0) return Promise.resolve(new Map());
    return this.#db.read(async ({ executor }) => {
      const { dialect } = executor;
      const wanted = dialect.list(ids);
      const rows =
        await executor.all<Row>(sql`SELECT g.value AS asked, ${messageColumns} FROM ${wanted} AS g ${dialect.joinInOrder} message m
          ON m.account_id = ${accountId} AND m.stanza_id_by = ${by} AND m.stanza_id = g.value AND m.stanza_id IS NOT NULL
        UNION ALL
        SELECT g.value AS asked, ${messageColumns} FROM ${wanted} AS g ${dialect.joinInOrder} message_alias a
          ON a.account_id = ${accountId} AND a.given_by = ${by} AND a.value = g.value AND a.kind = 'stanza'
          ${dialect.joinInOrder} message m ON m.id = a.message_id`);
      const records = await this.#withTexts(executor, rows);
      return new Map(records.map((record, index) => [String(rows[index]?.asked), record]));
    });
  }

  /**
   * Every message that one of these ids of the wire may mean (origin-id or id attribute, also of a correction of it),
   * earliest first; whose id it is, the caller has to look at.
   */
  byWireNames(accountId: number, names: readonly WireName[]): Promise<(MessageRecord & { asked: string })[]> {
    if (names.length === 0) return Promise.resolve([]);
    return this.#db.read(async ({ executor }) => {
      const { dialect } = executor;
      const wanted = dialect.records({ conversation: "text", id: "text" }, [...names]);
      const named = (table: Sql, condition: Sql, then = sql``) =>
        sql`SELECT g.id AS asked, m.id AS message_id FROM ${wanted} AS g ${dialect.joinInOrder} ${table} ON ${condition} ${then}`;
      const there = sql`m.account_id = ${accountId} AND m.conversation = g.conversation`;
      const rows = await executor.all<{
        asked: string;
        message_id: number;
      }>(sql`${named(sql`message m`, sql`${there} AND m.origin_id = g.id AND m.origin_id IS NOT NULL`)}
        UNION ${named(sql`message m`, sql`${there} AND m.wire_id = g.id`)}
        UNION ${named(
          sql`message_alias a`,
          sql`a.account_id = ${accountId} AND a.conversation = g.conversation AND a.value = g.id AND a.kind <> 'stanza'`,
          sql`${dialect.joinInOrder} message m ON m.id = a.message_id`,
        )} ORDER BY message_id`);
      if (rows.length === 0) return [];
      const ids = dialect.records(
        { id: "number" },
        rows.map((row) => ({ id: Number(row.message_id) })),
      );
      const found = await this.#load(executor, sql`WHERE m.id IN (SELECT id FROM ${ids} AS wanted)`);
      const byId = new Map(found.map((record) => [record.id, record]));
      return rows.flatMap(({ asked, message_id }) => {
        const record = byId.get(Number(message_id));
        return record ? [{ ...record, asked }] : [];
      });
    });
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
  ): Promise<MessageRecord | undefined> {
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
      this.#load(
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
      this.#load(
        executor,
        sql`WHERE m.account_id = ${accountId} AND m.conversation = ${conversation} AND m.position <= ${position}
            AND m.direction = 'out' AND m.state IN ('pending', 'sent', 'delivered') ORDER BY m.position DESC LIMIT 1000`,
      ),
    );
  }

  /**
   * The position in an archive at a time of it: of the last message until then, or of the first since.
   *
   * @returns undefined where there is none
   */
  archivePosition(
    accountId: number,
    archive: string,
    point: { readonly until: Date } | { readonly since: Date },
  ): Promise<number | undefined> {
    const there = sql`account_id = ${accountId} AND stanza_id_by = ${archive} AND stanza_id IS NOT NULL`;
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<{ position: number }>(
        "until" in point
          ? sql`SELECT position FROM message WHERE ${there} AND position < ${(point.until.getTime() + 1000) * 1000}
                ORDER BY position DESC LIMIT 1`
          : sql`SELECT position FROM message WHERE ${there} AND position > ${(point.since.getTime() - 1000) * 1000}
                ORDER BY position LIMIT 1`,
      );
      return row && Number(row.position);
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
   * @throws {KeyTooLongError}
   */
  async replaceStanzaId(id: number, stanzaId: string): Promise<void> {
    checkKeys({ stanzaId });
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`DELETE FROM message_alias WHERE message_id = ${id} AND kind = 'stanza' AND value = ${stanzaId}`,
      );
      await executor.run(sql`UPDATE message SET stanza_id = ${stanzaId} WHERE id = ${id}`);
    });
  }

  /**
   * Puts a correction in the place of what was said (XEP-0308). The message keeps its uid, ids and place;
   * what stood before is kept as a version, and search finds the new text alone from the same commit on.
   *
   * @returns false where the message is retracted, which wins over any correction, or gone
   */
  correct(id: number, correction: MessageCorrection): Promise<boolean> {
    return this.#db.write(async ({ executor }) => {
      const [before] = await this.#load(executor, sql`WHERE m.id = ${id} AND m.retracted IS NULL`);
      if (!before) return false;
      const at = correction.timestamp.getTime();
      await this.#keepVersion(executor, id, {
        ...before,
        timestamp: before.edited ?? before.timestamp,
        replacedAt: correction.timestamp,
      });
      await executor.run(sql`DELETE FROM message_text WHERE message_id = ${id}`);
      await keepTexts(executor, [{ ...correction, uid: before.uid }]);
      const searchable = searchableText({ ...correction, encrypted: before.encrypted });
      await executor.run(
        sql`UPDATE message SET edited = ${at}, raw = ${correction.raw ?? null}, search_text = ${searchable} WHERE id = ${id}`,
      );
      return true;
    });
  }

  /**
   * The first version of a message of which only a correction was here: the row takes its ids and place, and what it
   * said is kept as a version.
   */
  completeWith(id: number, first: NewMessage): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      const [standIn] = await this.#load(executor, sql`WHERE m.id = ${id}`);
      if (!standIn) return;
      const edited = standIn.edited ?? standIn.timestamp;
      const gone = standIn.retracted !== undefined;
      if (!gone) await this.#keepVersion(executor, id, { ...first, replacedAt: edited }, 0);
      await executor.run(sql`
        UPDATE message SET wire_id = ${first.wireId ?? null}, origin_id = ${first.originId ?? null},
          stanza_id = ${first.stanzaId ?? null}, stanza_id_by = ${first.stanzaIdBy ?? null}, thread = ${first.thread ?? null},
          reply_to_id = ${first.replyToId ?? null}, timestamp = ${first.timestamp.getTime()},
          position = ${first.position ?? first.timestamp.getTime() * 1000}, stands_for = NULL,
          edited = ${gone ? null : edited.getTime()}, from_jid = ${first.from}, to_jid = ${first.to} WHERE id = ${id}`);
    });
  }

  /** @param number the first is 0; those from there on move up. Default: after all others. */
  async #keepVersion(
    executor: Executor,
    id: number,
    version: MessageVersion,
    number?: number,
  ): Promise<void> {
    if (number !== undefined) {
      // In two steps: no two rows may have the same number on the way.
      await executor.run(
        sql`UPDATE message_version SET number = -1 - number WHERE message_id = ${id} AND number >= ${number}`,
      );
      await executor.run(
        sql`UPDATE message_version SET number = -number WHERE message_id = ${id} AND number < 0`,
      );
    }
    const place =
      number === undefined
        ? sql`(SELECT count(*) FROM message_version WHERE message_id = ${id})`
        : sql`${number}`;
    await executor.run(sql`
      INSERT INTO message_version (message_id, number, bodies, subjects, timestamp, replaced_at, raw)
      VALUES (${id}, ${place}, ${JSON.stringify(version.bodies)}, ${JSON.stringify(version.subjects)},
        ${version.timestamp.getTime()}, ${version.replacedAt.getTime()}, ${version.raw ?? null})`);
  }

  /**
   * Takes back what was said (XEP-0424, 0425): texts, versions and stanza go, and no search finds them from
   * the same commit on. The row stays, so that a later copy from an archive cannot bring them back.
   */
  retract(id: number, at: Date): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      await executor.run(sql`DELETE FROM message_text WHERE message_id = ${id}`);
      await executor.run(sql`DELETE FROM message_version WHERE message_id = ${id}`);
      await executor.run(
        sql`UPDATE message SET retracted = ${at.getTime()}, raw = NULL, search_text = '', extra = '{}', error = NULL
            WHERE id = ${id}`,
      );
    });
  }

  /** What a message said before its corrections, oldest first. */
  versions(id: number): Promise<MessageVersion[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(
        sql`SELECT bodies, subjects, timestamp, replaced_at, raw FROM message_version WHERE message_id = ${id} ORDER BY number`,
      );
      return rows.map((row) => ({
        bodies: JSON.parse(String(row.bodies)) as LocalisedText[],
        subjects: JSON.parse(String(row.subjects)) as LocalisedText[],
        timestamp: new Date(Number(row.timestamp)),
        replacedAt: new Date(Number(row.replaced_at)),
        raw: row.raw === null ? undefined : String(row.raw),
      }));
    });
  }

  /**
   * A page of history, oldest first. Without `after` it is the newest page before `before`.
   *
   * @returns `complete`: nothing further in the direction of reading
   * @throws {InvalidQueryError} a uid nobody has, or a search that cannot be read
   */
  async history(query: HistoryQuery): Promise<{ messages: MessageRecord[]; complete: boolean }> {
    for (const where of ["conversation", "before", "after", "types", "from"] as const) {
      for (const value of [query[where]].flat())
        if (typeof value === "string" && !isStorable(value)) throw unstorableText(where);
    }
    return this.#db.read(async ({ executor }) => {
      const conditions = [sql`TRUE`];
      if (query.accountId !== undefined) conditions.push(sql`m.account_id = ${query.accountId}`);
      if (query.conversation !== undefined) conditions.push(sql`m.conversation = ${query.conversation}`);
      if (query.types)
        conditions.push(sql`m.type IN (${join(query.types.length > 0 ? [...query.types] : [""])})`);
      if (query.from !== undefined) conditions.push(sql`m.sender = ${query.from}`);
      if (query.direction !== undefined) conditions.push(sql`m.direction = ${query.direction}`);
      if (query.before !== undefined) conditions.push(await this.#boundary(executor, query.before, "before"));
      if (query.after !== undefined) conditions.push(await this.#boundary(executor, query.after, "after"));
      let source = sql`message m`;
      if (query.search !== undefined) {
        const match = executor.dialect.fullText("message", "m", parseFullTextQuery(query.search, "search"));
        source = match.from;
        conditions.push(match.condition);
      }
      const forward = query.after !== undefined;
      const direction = forward ? sql`ASC` : sql`DESC`;
      const rows = await executor.all<Row>(sql`
        SELECT ${messageColumns} FROM ${source} WHERE ${join(conditions, " AND ")}
        ORDER BY m.position ${direction}, m.id ${direction} LIMIT ${query.limit + 1}`);
      const page = rows.slice(0, query.limit);
      if (!forward) page.reverse();
      return { messages: await this.#withTexts(executor, page), complete: rows.length <= query.limit };
    });
  }

  count(): Promise<number> {
    return this.#db.read(
      async ({ executor }) =>
        (await executor.first<{ n: number }>(sql`SELECT count(*) AS n FROM message`))?.n ?? 0,
    );
  }

  /** What is before or after a point. An instant is compared with the stamps; the position only leads to the place in the index. */
  async #boundary(executor: Executor, point: string | Date, side: "before" | "after"): Promise<Sql> {
    if (point instanceof Date) {
      const at = point.getTime();
      return side === "before"
        ? sql`m.timestamp < ${at} AND m.position < ${(at + SLACK_MS) * 1000}`
        : sql`m.timestamp > ${at} AND m.position > ${(at - SLACK_MS) * 1000}`;
    }
    const row = await executor.first<{ position: number; id: number }>(
      sql`SELECT position, id FROM message WHERE uid = ${point}`,
    );
    if (!row) throw new InvalidQueryError(side, `${side}: no message has the uid ${point}`);
    return side === "before"
      ? sql`(m.position, m.id) < (${row.position}, ${row.id})`
      : sql`(m.position, m.id) > (${row.position}, ${row.id})`;
  }

  /** The earliest that fits one or the other. Said as one condition, SQLite would read the whole conversation. */
  #either(one: Sql, other: Sql): Promise<MessageRecord | undefined> {
    return this.#one(
      sql`m.id IN (SELECT id FROM message WHERE ${one} UNION ALL SELECT id FROM message WHERE ${other})`,
    );
  }

  #one(condition: Sql): Promise<MessageRecord | undefined> {
    return this.#db.read(
      async ({ executor }) => (await this.#load(executor, sql`WHERE ${condition} ORDER BY m.id LIMIT 1`))[0],
    );
  }

  async #load(executor: Executor, tail: Sql): Promise<MessageRecord[]> {
    return this.#withTexts(
      executor,
      await executor.all<Row>(sql`SELECT ${messageColumns} FROM message m ${tail}`),
    );
  }

  async #withTexts(executor: Executor, rows: readonly Row[]): Promise<MessageRecord[]> {
    if (rows.length === 0) return [];
    // As a table: there may be more of them than values that a statement binds.
    const ids = executor.dialect.records(
      { id: "number" },
      rows.map((row) => ({ id: Number(row.id) })),
    );
    const texts = await executor.all<Text>(
      sql`SELECT message_id, kind, lang, text FROM message_text WHERE message_id IN (SELECT id FROM ${ids} AS wanted)
          ORDER BY message_id, position`,
    );
    const byMessage = new Map<number, Text[]>();
    for (const entry of texts) {
      const others = byMessage.get(entry.message_id);
      if (others) others.push(entry);
      else byMessage.set(entry.message_id, [entry]);
    }
    return rows.map((row) => messageOf(row, byMessage.get(Number(row.id)) ?? []));
  }
}
