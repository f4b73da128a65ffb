import type { ReactionTarget, ReactionTargetName, WaitingReaction } from "@larder/core";
import type { Database } from "../database.js";
import type { Dialect } from "../dialect.js";
import { type Executor, type Sql, sql } from "../sql.js";
import { changeOf, type ReactionRow, targetOf } from "./reaction-record.js";
import { namesOfMessages } from "./waiting-names.js";

const targetColumns = sql`m.id, m.uid, m.account_id, m.conversation, m.type, m.timestamp, m.retracted`;

/** How well an id names a message: by the id that it should be named by, or by one that it has too. */
type Candidate = ReactionRow & { readonly asked: number; readonly rank: number };

interface Asked {
  readonly asked: number;
  readonly conversation: string;
  readonly id: string;
}

/** What is asked for, as a SELECT. */
const askedIn = (dialect: Dialect, names: readonly Asked[]): Sql => sql`
  SELECT asked, conversation, id FROM ${dialect.records({ asked: "number", conversation: "text", id: "text" }, [...names])} AS listed`;

/** Finds the messages that reactions name, and the reactions that wait for messages (XEP-0444 §4.2). */
export class ReactionTargets {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * The message that each of these ids means. In rooms that is the one that the room gave the id; elsewhere the one with this
   * origin-id, or id where it has no origin-id, also of a correction of it (XEP-0308). The earliest stored where several fit.
   */
  find(
    accountId: number,
    names: readonly ReactionTargetName[],
  ): Promise<readonly (ReactionTarget | undefined)[]> {
    if (names.length === 0) return Promise.resolve([]);
    return this.#db.read(async ({ executor }) => {
      const places = [...names.entries()].map(([asked, name]) => ({ asked, ...name }));
      const best = new Map<number, Candidate>();
      const note = (candidate: Candidate) => {
        const asked = Number(candidate.asked);
        const other = best.get(asked);
        const before = (one: Candidate) => [Number(one.rank), Number(one.id)] as const;
        const [rank, id] = before(candidate);
        const [otherRank, otherId] = other ? before(other) : [Number.MAX_VALUE, 0];
        if (rank < otherRank || (rank === otherRank && id < otherId)) best.set(asked, candidate);
      };
      const inRooms = places.filter(({ groupchat }) => groupchat);
      if (inRooms.length > 0) for (const row of await this.#inRooms(executor, accountId, inRooms)) note(row);
      const elsewhere = places.filter(({ groupchat }) => !groupchat);
      if (elsewhere.length > 0)
        for (const row of await this.#elsewhere(executor, accountId, elsewhere)) note(row);
      return names.map((_, place) => {
        const row = best.get(place);
        return row && targetOf(row);
      });
    });
  }

  /** Changes that wait for one of these messages, in their order; where several messages fit, for the earliest stored. */
  waiting(accountId: number, messageIds: readonly number[]): Promise<WaitingReaction[]> {
    if (messageIds.length === 0) return Promise.resolve([]);
    return this.#db.read(async ({ executor }) => {
      const { dialect } = executor;
      const rows = await executor.all<ReactionRow>(sql`
        WITH ${namesOfMessages(executor, accountId, messageIds)}
        SELECT c.*, n.message_id AS named_id FROM named n ${dialect.joinInOrder} reaction_change c
          ON c.account_id = ${accountId} AND c.conversation = n.conversation AND c.target = n.name
          AND c.message_id IS NULL AND c.groupchat = n.groupchat
        ORDER BY c.position, c.id, n.message_id`);
      if (rows.length === 0) return [];
      const wanted = dialect.records(
        { id: "number" },
        [...new Set(rows.map(({ named_id }) => Number(named_id)))].map((id) => ({ id })),
      );
      const messages = await executor.all<ReactionRow>(
        sql`SELECT ${targetColumns} FROM message m WHERE m.id IN (SELECT id FROM ${wanted} AS wanted)`,
      );
      const byId = new Map(messages.map((row) => [Number(row.id), targetOf(row)]));
      const found = new Map<number, WaitingReaction>();
      for (const row of rows) {
        const message = byId.get(Number(row.named_id));
        if (message && !found.has(Number(row.id)))
          found.set(Number(row.id), { change: changeOf(row), message });
      }
      return [...found.values()];
    });
  }

  #inRooms(executor: Executor, accountId: number, names: readonly Asked[]): Promise<Candidate[]> {
    const { dialect } = executor;
    return executor.all<Candidate>(sql`
      WITH wanted AS MATERIALIZED (${askedIn(dialect, names)})
      SELECT g.asked, 0 AS rank, ${targetColumns} FROM wanted AS g ${dialect.joinInOrder} message m
        ON m.account_id = ${accountId} AND m.stanza_id_by = g.conversation AND m.stanza_id = g.id AND m.stanza_id IS NOT NULL
        WHERE m.type = 'groupchat'
      UNION ALL
      SELECT g.asked, 1 AS rank, ${targetColumns} FROM wanted AS g ${dialect.joinInOrder} message_alias a
        ON a.account_id = ${accountId} AND a.given_by = g.conversation AND a.value = g.id AND a.kind = 'stanza'
        ${dialect.joinInOrder} message m ON m.id = a.message_id WHERE m.type = 'groupchat'`);
  }

  #elsewhere(executor: Executor, accountId: number, names: readonly Asked[]): Promise<Candidate[]> {
    const { dialect } = executor;
    const there = sql`m.account_id = ${accountId} AND m.conversation = g.conversation`;
    const named = (rank: Sql, condition: Sql) =>
      sql`SELECT g.asked, ${rank} AS rank, ${targetColumns} FROM wanted AS g ${dialect.joinInOrder} message m
          ON ${there} AND ${condition} WHERE m.type <> 'groupchat'`;
    return executor.all<Candidate>(sql`
      WITH wanted AS MATERIALIZED (${askedIn(dialect, names)})
      ${named(sql`0`, sql`m.origin_id = g.id AND m.origin_id IS NOT NULL`)}
      UNION ALL ${named(sql`CASE WHEN m.origin_id IS NULL OR m.origin_id = g.id THEN 0 ELSE 1 END`, sql`m.wire_id = g.id`)}
      UNION ALL SELECT g.asked, 0 AS rank, ${targetColumns} FROM wanted AS g ${dialect.joinInOrder} message_alias a
        ON a.account_id = ${accountId} AND a.conversation = g.conversation AND a.value = g.id AND a.kind <> 'stanza'
        ${dialect.joinInOrder} message m ON m.id = a.message_id WHERE m.type <> 'groupchat'`);
  }
}
