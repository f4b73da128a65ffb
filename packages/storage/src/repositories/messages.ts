import { randomUUID } from "node:crypto";
import type { Database } from "../database.js";
import { InvalidQueryError } from "../errors.js";
import { checkKeys } from "../keys.js";
import { parseFullTextQuery } from "../search/full-text-query.js";
import { indexedText } from "../search/words.js";
import { type Executor, isStorable, join, type Sql, sql, unstorableText } from "../sql.js";

/** A text in one language; `lang` is empty where none is stated. */
export interface LocalisedText {
  readonly lang: string;
  readonly text: string;
}

/** A message as it is kept. */
export interface MessageRecord {
  readonly id: number;
  readonly uid: string;
  readonly accountId: number;
  readonly conversation: string;
  readonly direction: "in" | "out";
  readonly type: string;
  readonly from: string;
  readonly to: string;
  /** The verified sender: a bare JID, in rooms `room/nick`. */
  readonly sender: string;
  readonly wireId?: string;
  readonly originId?: string;
  readonly stanzaId?: string;
  readonly stanzaIdBy?: string;
  readonly thread?: string;
  readonly replyToId?: string;
  readonly timestamp: Date;
  readonly receivedAt: Date;
  readonly state?: string;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly nick?: string;
  readonly occupantId?: string;
  readonly realJid?: string;
  readonly edited?: Date;
  readonly retracted?: Date;
  readonly delayed: boolean;
  readonly encrypted?: string;
  readonly raw?: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
}

export type NewMessage = Omit<MessageRecord, "id" | "uid" | "edited" | "retracted" | "error"> & {
  readonly uid?: string;
};

/** What takes the place of a message's texts (XEP-0308). */
export interface MessageCorrection {
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
  /** Of the correction. */
  readonly timestamp: Date;
  readonly raw?: string;
}

/** What a message said before it was corrected. */
export interface MessageVersion {
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
  /** When this was said. */
  readonly timestamp: Date;
  readonly replacedAt: Date;
  readonly raw?: string;
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
  readonly from?: string;
}

type Row = Record<string, string | number | null>;

interface Text {
  message_id: number;
  kind: string;
  lang: string;
  text: string;
}

const text = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value);
const date = (value: unknown): Date | undefined =>
  value === null || value === undefined ? undefined : new Date(Number(value));

function recordOf(row: Row, texts: readonly Text[]): MessageRecord {
  const of = (kind: string) =>
    texts.filter((entry) => entry.kind === kind).map(({ lang, text: value }) => ({ lang, text: value }));
  return {
    id: Number(row.id),
    uid: String(row.uid),
    accountId: Number(row.account_id),
    conversation: String(row.conversation),
    direction: row.direction === "out" ? "out" : "in",
    type: String(row.type),
    from: String(row.from_jid),
    to: String(row.to_jid),
    sender: String(row.sender),
    wireId: text(row.wire_id),
    originId: text(row.origin_id),
    stanzaId: text(row.stanza_id),
    stanzaIdBy: text(row.stanza_id_by),
    thread: text(row.thread),
    replyToId: text(row.reply_to_id),
    timestamp: new Date(Number(row.timestamp)),
    receivedAt: new Date(Number(row.received_at)),
    state: text(row.state),
    error: row.error ? (JSON.parse(String(row.error)) as Record<string, unknown>) : undefined,
    nick: text(row.nick),
    occupantId: text(row.occupant_id),
    realJid: text(row.real_jid),
    edited: date(row.edited),
    retracted: date(row.retracted),
    delayed: Boolean(row.delayed),
    encrypted: text(row.encrypted),
    raw: text(row.raw),
    extra: JSON.parse(String(row.extra ?? "{}")) as Record<string, unknown>,
    bodies: of("body"),
    subjects: of("subject"),
  };
}

/** Columns of {@link MessageRecord}, of the table named `m`. */
const messageColumns = sql`m.id, m.uid, m.account_id, m.conversation, m.direction, m.type, m.from_jid, m.to_jid, m.sender,
  m.wire_id, m.origin_id, m.stanza_id, m.stanza_id_by, m.thread, m.reply_to_id, m.timestamp, m.received_at, m.state, m.error,
  m.nick, m.occupant_id, m.real_jid, m.edited, m.retracted, m.delayed, m.encrypted, m.raw, m.extra`;

interface Texts {
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
}

const indexedTexts = ({ subjects, bodies }: Texts): string =>
  indexedText([...subjects, ...bodies].map((entry) => entry.text).join("\n"));

async function keepTexts(executor: Executor, messageId: number, { bodies, subjects }: Texts): Promise<void> {
  const rows = [
    ...bodies.map((entry) => ({ kind: "body", ...entry })),
    ...subjects.map((entry) => ({ kind: "subject", ...entry })),
  ];
  if (rows.length === 0) return;
  for (const { lang } of rows) checkKeys({ lang });
  const given = executor.dialect.records({ kind: "text", lang: "text", text: "text" }, rows);
  await executor.run(
    sql`INSERT INTO message_text (message_id, kind, lang, text, position)
        SELECT CAST(${messageId} AS BIGINT), g.kind, g.lang, g.text, g.key FROM ${given} AS g WHERE TRUE ORDER BY g.key
        ON CONFLICT DO NOTHING`, // a language stated twice: the first stands (RFC 6121 §5.2.3)
  );
}

/** Message history. Order is time, then the order of arrival. */
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
    const { conversation, sender, wireId, originId, stanzaId, stanzaIdBy, thread } = message;
    checkKeys({ conversation, sender, wireId, originId, stanzaId, stanzaIdBy, thread, uid: message.uid });
    return this.#db.write(async ({ executor }) => {
      const uid = message.uid ?? randomUUID();
      const searchable = message.encrypted === undefined ? indexedTexts(message) : ""; // a fallback text says nothing
      const row = await executor.first<{ id: number }>(sql`
        INSERT INTO message (uid, account_id, conversation, direction, type, from_jid, to_jid, sender, wire_id, origin_id,
          stanza_id, stanza_id_by, thread, reply_to_id, timestamp, received_at, state, nick, occupant_id, real_jid,
          delayed, encrypted, raw, extra, search_text)
        VALUES (${uid}, ${message.accountId}, ${message.conversation}, ${message.direction}, ${message.type},
          ${message.from}, ${message.to}, ${message.sender}, ${message.wireId ?? null}, ${message.originId ?? null},
          ${message.stanzaId ?? null}, ${message.stanzaIdBy ?? null}, ${message.thread ?? null}, ${message.replyToId ?? null},
          ${message.timestamp.getTime()}, ${message.receivedAt.getTime()}, ${message.state ?? null}, ${message.nick ?? null},
          ${message.occupantId ?? null}, ${message.realJid ?? null}, ${message.delayed}, ${message.encrypted ?? null},
          ${message.raw ?? null}, ${JSON.stringify(message.extra)}, ${searchable})
        RETURNING id`);
      const id = Number(row?.id);
      await keepTexts(executor, id, message);
      return { ...message, id, uid };
    });
  }

  get(uid: string): Promise<MessageRecord | undefined> {
    return this.#one(sql`uid = ${uid}`);
  }

  /** The message that an archive knows by this id (XEP-0359). */
  findByStanzaId(accountId: number, by: string, stanzaId: string): Promise<MessageRecord | undefined> {
    return this.#one(sql`account_id = ${accountId} AND stanza_id_by = ${by} AND stanza_id = ${stanzaId}`);
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
   * The message that an id on the wire means: the origin-id if it had one, else the stanza's id; where
   * both parties used the same id, the earliest stored message owns it.
   */
  findByWireId(accountId: number, conversation: string, wireId: string): Promise<MessageRecord | undefined> {
    const there = sql`account_id = ${accountId} AND conversation = ${conversation}`;
    return this.#either(
      sql`${there} AND origin_id = ${wireId}`,
      sql`${there} AND wire_id = ${wireId} AND origin_id IS NULL`,
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
      await executor.run(sql`
        INSERT INTO message_version (message_id, number, bodies, subjects, timestamp, replaced_at, raw)
        VALUES (${id}, (SELECT count(*) FROM message_version WHERE message_id = ${id}), ${JSON.stringify(before.bodies)},
          ${JSON.stringify(before.subjects)}, ${(before.edited ?? before.timestamp).getTime()}, ${at}, ${before.raw ?? null})`);
      await executor.run(sql`DELETE FROM message_text WHERE message_id = ${id}`);
      await keepTexts(executor, id, correction);
      const searchable = before.encrypted === undefined ? indexedTexts(correction) : "";
      await executor.run(
        sql`UPDATE message SET edited = ${at}, raw = ${correction.raw ?? null}, search_text = ${searchable} WHERE id = ${id}`,
      );
      return true;
    });
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
        raw: text(row.raw),
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
      if (query.before !== undefined)
        conditions.push(sql`(m.timestamp, m.id) < (${await this.#point(executor, query.before, "before")})`);
      if (query.after !== undefined)
        conditions.push(sql`(m.timestamp, m.id) > (${await this.#point(executor, query.after, "after")})`);
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
        ORDER BY m.timestamp ${direction}, m.id ${direction} LIMIT ${query.limit + 1}`);
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

  async #point(executor: Executor, point: string | Date, path: string): Promise<Sql> {
    if (point instanceof Date)
      return sql`${point.getTime()}, ${path === "after" ? Number.MAX_SAFE_INTEGER : 0}`;
    const row = await executor.first<{ timestamp: number; id: number }>(
      sql`SELECT timestamp, id FROM message WHERE uid = ${point}`,
    );
    if (!row) throw new InvalidQueryError(path, `${path}: no message has the uid ${point}`);
    return sql`${row.timestamp}, ${row.id}`;
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
    return rows.map((row) => recordOf(row, byMessage.get(Number(row.id)) ?? []));
  }
}
