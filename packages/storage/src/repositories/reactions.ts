import type { ReactionChange, ReactionFilter, ReactionHolder } from "@larder/core";
import type { Database, UnitOfWork } from "../database.js";
import { checkKeys } from "../keys.js";
import { type Executor, join, raw, type Sql, sql } from "../sql.js";
import { changeOf, type ReactionRow, rowOf } from "./reaction-record.js";
import type { WaitingLimits } from "./waiting-limits.js";

const columns = {
  account_id: "number",
  conversation: "text",
  target: "text",
  groupchat: "number",
  message_id: "number",
  sender: "text",
  own: "number",
  real_jid: "text",
  nick: "text",
  emojis: "text",
  since: "text",
  timestamp: "number",
  position: "number",
  placed: "number",
  stands: "number",
  stanza_id: "text",
  wire_id: "text",
  present_since: "number",
  state: "text",
  waiting_since: "number",
} as const;

const flags: ReadonlySet<string> = new Set(["groupchat", "own", "placed", "stands"]);
/** What may become of a change after it was kept; the rest is what was said. */
const mutable = [
  "message_id",
  "timestamp",
  "position",
  "placed",
  "stands",
  "since",
  "stanza_id",
  "present_since",
  "state",
] as const;

/** All senders of a conversation may have this many times what one of them may have waiting. */
const SENDERS_AT_THE_LIMIT = 25;

const value = (column: string, alias: string): Sql =>
  raw(flags.has(column) ? `${alias}.${column} <> 0` : `${alias}.${column}`);

/** What stands of a sender of one message, as history shows it. */
export type StandingReactions = Pick<
  ReactionChange,
  "conversation" | "groupchat" | "sender" | "own" | "realJid" | "nick" | "emojis" | "since" | "position"
> & { readonly messageId: number };

/** What stands of one sender, as the database puts it together. */
type StandingRow = [
  sender: string,
  own: number | boolean,
  realJid: string | null,
  nick: string | null,
  position: number,
  emojis: string[],
  since: number[],
];

/**
 * Told inside the unit of work that changes what stands at messages. A retraction tells nothing: what is retracted shows no
 * reactions whatever was there.
 *
 * @param messageIds their rows
 * @returns what is called once the unit has ended, kept or not
 */
export type ReactionWatcher = (messageIds: ReadonlySet<number>) => () => void;

/** The ledger of reactions (XEP-0444): every change that was accepted, and which of them stand. */
export class ReactionRepository {
  readonly #db: Database;
  readonly #mostWaiting: number;
  readonly #watchers = new Set<ReactionWatcher>();

  constructor(db: Database, limits: WaitingLimits) {
    this.#db = db;
    this.#mostWaiting = limits.reactions;
  }

  /** Tells what is being changed, for who keeps in memory what stands; returns how to stop that. */
  watch(watcher: ReactionWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Changes in their order. */
  changes(accountId: number, filter: ReactionFilter): Promise<ReactionChange[]> {
    return this.#db.read(async ({ executor }) => {
      if ("holders" in filter) return this.#ofHolders(executor, accountId, filter.holders);
      const rows = await executor.all<ReactionRow>(
        sql`SELECT c.* FROM reaction_change c WHERE c.account_id = ${accountId} AND ${this.#condition(executor, filter)}
            ORDER BY c.position, c.id`,
      );
      return rows.map(changeOf);
    });
  }

  /** What stands at these messages, tombstones left out. A message's are one value: thousands of rows would cost more. */
  standing(messageIds: readonly number[]): Promise<StandingReactions[]> {
    if (messageIds.length === 0) return Promise.resolve([]);
    return this.#db.read(async ({ executor }) => {
      const { dialect } = executor;
      const wanted = dialect.records(
        { id: "number" },
        messageIds.map((id) => ({ id })),
      );
      const fields = ["sender", "own", "real_jid", "nick", "position"].map((name) => raw(`c.${name}`));
      const sets = [sql`c.emojis`, sql`c.since`].map((column) => dialect.jsonPart(column));
      const rows = await executor.all<ReactionRow>(sql`
        SELECT c.message_id, min(c.conversation) AS conversation, min(CASE WHEN c.groupchat THEN 1 ELSE 0 END) AS groupchat,
          ${dialect.jsonGroup(dialect.jsonArray([...fields, ...sets]))} AS standing
        FROM ${wanted} AS g ${dialect.joinInOrder} reaction_change c ON c.message_id = g.id AND c.stands
        WHERE c.emojis <> '[]' GROUP BY c.message_id`);
      return rows.flatMap(({ message_id, conversation, groupchat, standing }) =>
        (JSON.parse(String(standing)) as StandingRow[]).map(
          ([sender, own, realJid, nick, position, emojis, since]) => ({
            messageId: Number(message_id),
            conversation: String(conversation),
            groupchat: Boolean(Number(groupchat)),
            sender,
            own: Boolean(own),
            realJid: realJid ?? undefined,
            nick: nick ?? undefined,
            emojis,
            since,
            position,
          }),
        ),
      );
    });
  }

  /** Where the archive has put changes that are here, by its ids. */
  places(
    accountId: number,
    stanzaIds: readonly string[],
  ): Promise<Map<string, { readonly timestamp: Date; readonly position: number }>> {
    if (stanzaIds.length === 0) return Promise.resolve(new Map());
    return this.#db.read(async ({ executor }) => {
      const { dialect } = executor;
      const rows = await executor.all<ReactionRow>(sql`
        SELECT c.stanza_id, c.timestamp, c.position FROM ${dialect.list(stanzaIds)} AS g ${dialect.joinInOrder} reaction_change c
          ON c.account_id = ${accountId} AND c.stanza_id = g.value AND c.stanza_id IS NOT NULL AND c.placed`);
      return new Map(
        rows.map(({ stanza_id, timestamp, position }) => [
          String(stanza_id),
          { timestamp: new Date(Number(timestamp)), position: Number(position) },
        ]),
      );
    });
  }

  /**
   * Keeps changes: new ones where they have no `id`, else what became of them.
   *
   * @throws {KeyTooLongError} an id or an address of one; nothing is kept
   */
  async put(changes: readonly ReactionChange[]): Promise<void> {
    if (changes.length === 0) return;
    for (const { conversation, target, sender, stanzaId, wireId } of changes)
      checkKeys({ conversation, target, sender, stanzaId, wireId });
    const fresh = changes.filter(({ id }) => id === undefined).map(rowOf);
    const known = changes.flatMap((change) =>
      change.id === undefined ? [] : [{ id: change.id, ...rowOf(change) }],
    );
    return this.#db.write(async (unit) => {
      const { executor } = unit;
      const { dialect } = executor;
      const names = Object.keys(columns);
      this.#tellChanging(
        unit,
        changes.map(({ messageId }) => messageId),
      );
      if (fresh.length > 0)
        await executor.run(sql`
          INSERT INTO reaction_change (${raw(names.join(", "))})
          SELECT ${join(names.map((name) => value(name, "g")))} FROM ${dialect.records(columns, fresh)} AS g
          WHERE TRUE ORDER BY g.key`);
      await this.#limitWaiting(
        executor,
        fresh.filter(({ message_id }) => message_id === null),
      );
      if (known.length > 0)
        await executor.run(sql`
          UPDATE reaction_change SET ${join(mutable.map((name) => sql`${raw(name)} = ${value(name, "g")}`))}
          FROM ${dialect.records({ id: "number", ...columns }, known)} AS g WHERE reaction_change.id = g.id`);
    });
  }

  /** Of what waits for messages that may never come, the latest stay. */
  async #limitWaiting(
    executor: Executor,
    fresh: readonly { readonly account_id: number; readonly conversation: string; readonly sender: string }[],
  ): Promise<void> {
    const limit = async (of: Sql, most: number) => {
      const there = sql`message_id IS NULL AND ${of}`;
      await executor.run(sql`
        DELETE FROM reaction_change WHERE ${there} AND id <= (
          SELECT id FROM reaction_change WHERE ${there} ORDER BY id DESC LIMIT 1 OFFSET ${most})`);
    };
    const senders = new Map(fresh.map((row) => [JSON.stringify([row.conversation, row.sender]), row]));
    for (const { account_id, conversation, sender } of senders.values())
      await limit(
        sql`account_id = ${account_id} AND conversation = ${conversation} AND sender = ${sender}`,
        this.#mostWaiting,
      );
    const conversations = new Map(fresh.map((row) => [row.conversation, row]));
    for (const { account_id, conversation } of conversations.values())
      await limit(
        sql`account_id = ${account_id} AND conversation = ${conversation}`,
        this.#mostWaiting * SENDERS_AT_THE_LIMIT,
      );
  }

  /** Forgets changes by their rows. */
  async remove(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    return this.#db.write(async (unit) => {
      const wanted = unit.executor.dialect.records(
        { id: "number" },
        ids.map((id) => ({ id })),
      );
      const gone = await unit.executor.all<ReactionRow>(
        sql`DELETE FROM reaction_change WHERE id IN (SELECT id FROM ${wanted} AS wanted) RETURNING message_id`,
      );
      this.#tellChanging(
        unit,
        gone.map(({ message_id }) => (message_id === null ? undefined : Number(message_id))),
      );
    });
  }

  #tellChanging(unit: UnitOfWork, ids: readonly (number | undefined)[]): void {
    const messageIds = new Set(ids.flatMap((id) => id ?? []));
    if (messageIds.size === 0) return;
    for (const watcher of this.#watchers) unit.ended(watcher(messageIds));
  }

  async #ofHolders(
    executor: Executor,
    accountId: number,
    holders: readonly ReactionHolder[],
  ): Promise<ReactionChange[]> {
    const { dialect } = executor;
    const parts: Sql[] = [];
    const known = holders.flatMap(({ messageId, sender }) =>
      messageId === undefined ? [] : [{ message_id: messageId, sender }],
    );
    if (known.length > 0)
      parts.push(sql`SELECT c.* FROM ${dialect.records({ message_id: "number", sender: "text" }, known)} AS g
        ${dialect.joinInOrder} reaction_change c ON c.message_id = g.message_id AND c.sender = g.sender`);
    const waiting = holders.flatMap((holder) =>
      holder.messageId === undefined
        ? [{ conversation: holder.conversation, target: holder.target, sender: holder.sender }]
        : [],
    );
    if (waiting.length > 0)
      parts.push(sql`SELECT c.* FROM ${dialect.records({ conversation: "text", target: "text", sender: "text" }, waiting)} AS g
        ${dialect.joinInOrder} reaction_change c ON c.account_id = ${accountId} AND c.conversation = g.conversation
          AND c.target = g.target AND c.sender = g.sender AND c.message_id IS NULL`);
    if (parts.length === 0) return [];
    const rows = await executor.all<ReactionRow>(
      sql`SELECT * FROM (${join(parts, " UNION ALL ")}) AS found ORDER BY position, id`,
    );
    return rows.map(changeOf);
  }

  #condition(executor: Executor, filter: Exclude<ReactionFilter, { holders: unknown }>): Sql {
    const { dialect } = executor;
    if ("messages" in filter) {
      const ids = dialect.records(
        { id: "number" },
        filter.messages.map((id) => ({ id })),
      );
      const standing = filter.standing === true ? sql` AND c.stands` : sql``;
      return sql`c.message_id IN (SELECT id FROM ${ids} AS wanted)${standing}`;
    }
    if ("sentAs" in filter)
      return sql`c.own AND c.wire_id IS NOT NULL AND c.wire_id = ${filter.sentAs}
        AND c.conversation IN (SELECT value FROM ${dialect.list(filter.to)} AS wanted)`;
    return sql`c.state = 'pending'`;
  }
}
