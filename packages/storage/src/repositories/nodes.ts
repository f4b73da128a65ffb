import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { empty, join, sql } from "../sql.js";

/** CONTRACT: what a cached node is in. */
export type NodeState = "new" | "syncing" | "synced" | "stale" | "error" | "ignored";

/** A node the cache knows about, as one account sees it. */
export interface NodeRecord {
  readonly id: number;
  readonly accountId: number;
  readonly service: string;
  readonly node: string;
  readonly analyser?: string;
  readonly type?: string;
  readonly subtype?: string;
  readonly state: NodeState;
  readonly subscribed: boolean;
  /** Number of the last synchronisation begun. */
  readonly generation: number;
  readonly lastSync?: Date;
  readonly lastCheck?: Date;
  readonly lastError?: Readonly<Record<string, unknown>>;
}

export interface NodeKey {
  readonly accountId: number;
  readonly service: string;
  readonly node: string;
}

export interface NodeFilter {
  readonly accountIds?: readonly number[];
  readonly services?: readonly string[];
  readonly nodes?: readonly string[];
  /** null finds nodes without a type. */
  readonly types?: readonly (string | null)[];
}

/** What may change about a node; null clears. */
export interface NodeChange {
  readonly analyser?: string | null;
  readonly type?: string | null;
  readonly subtype?: string | null;
  readonly state?: NodeState;
  readonly subscribed?: boolean;
  readonly lastSync?: Date;
  readonly lastCheck?: Date;
  readonly lastError?: object | null;
}

interface Row {
  id: number;
  account_id: number;
  service: string;
  node: string;
  analyser: string | null;
  type: string | null;
  subtype: string | null;
  state: NodeState;
  subscribed: number | boolean;
  generation: number;
  last_sync: number | null;
  last_check: number | null;
  last_error: string | null;
  items: number;
}

const recordOf = (row: Row): NodeRecord => ({
  id: row.id,
  accountId: row.account_id,
  service: row.service,
  node: row.node,
  analyser: row.analyser ?? undefined,
  type: row.type ?? undefined,
  subtype: row.subtype ?? undefined,
  state: row.state,
  subscribed: Boolean(row.subscribed),
  generation: row.generation,
  lastSync: row.last_sync === null ? undefined : new Date(Number(row.last_sync)),
  lastCheck: row.last_check === null ? undefined : new Date(Number(row.last_check)),
  lastError: row.last_error === null ? undefined : (JSON.parse(row.last_error) as Record<string, unknown>),
});

/** Cached nodes and how they stand. */
export class NodeRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(key: NodeKey): Promise<NodeRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<Row>(
        sql`SELECT * FROM pubsub_node WHERE account_id = ${key.accountId} AND service = ${key.service} AND node = ${key.node}`,
      );
      return row && recordOf(row);
    });
  }

  /**
   * The node, made with the state `new` where it was not known.
   *
   * @throws {KeyTooLongError} its name or its service
   */
  async ensure(key: NodeKey): Promise<NodeRecord> {
    checkKeys({ service: key.service, node: key.node });
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`INSERT INTO pubsub_node (account_id, service, node, state, subscribed, generation)
            VALUES (${key.accountId}, ${key.service}, ${key.node}, 'new', FALSE, 0) ON CONFLICT DO NOTHING`,
      );
      const node = await this.find(key);
      if (!node) throw new Error("the node that was just made is not there");
      return node;
    });
  }

  update(id: number, change: NodeChange): Promise<void> {
    return this.#db.write(async ({ transaction }) => {
      const { lastSync, lastCheck, lastError, ...rest } = change;
      await this.#db.models.PubsubNode.update(
        {
          ...rest,
          ...(lastSync && { lastSync: lastSync.getTime() }),
          ...(lastCheck && { lastCheck: lastCheck.getTime() }),
          ...(lastError !== undefined && { lastError: lastError && JSON.stringify(lastError) }),
        },
        { where: { id }, transaction },
      );
    });
  }

  /** Begins a synchronisation: its number marks what it sees. A synced node stays readable meanwhile. */
  beginGeneration(id: number): Promise<number> {
    return this.#db.write(async ({ executor }) => {
      const row = await executor.first<{ generation: number }>(
        sql`UPDATE pubsub_node SET generation = generation + 1,
              state = CASE WHEN state IN ('synced', 'stale') THEN state ELSE 'syncing' END
            WHERE id = ${id} RETURNING generation`,
      );
      return Number(row?.generation);
    });
  }

  /**
   * Events may have been missed: every synced node of the account needs catching up, one whose first
   * synchronisation was cut short begins again, and one that failed gets another try.
   *
   * @returns those nodes
   */
  markStale(accountId: number): Promise<NodeRecord[]> {
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`UPDATE pubsub_node SET state = 'stale' WHERE account_id = ${accountId} AND state = 'synced'`,
      );
      const rows = await executor.all<Row>(
        sql`SELECT * FROM pubsub_node WHERE account_id = ${accountId} AND state IN ('new', 'stale', 'syncing', 'error')`,
      );
      return rows.map(recordOf);
    });
  }

  /** Removes the node with its items. */
  remove(id: number): Promise<void> {
    return this.#db.write(({ executor }) => executor.run(sql`DELETE FROM pubsub_node WHERE id = ${id}`));
  }

  /** Nodes with their number of visible items, by service and node. */
  list(filter: NodeFilter = {}): Promise<(NodeRecord & { items: number })[]> {
    const types = filter.types?.filter((type) => type !== null);
    const among = (column: ReturnType<typeof sql>, values: readonly (string | number)[] | undefined) =>
      values ? sql`AND ${column} IN (${join(values.length > 0 ? [...values] : [null])})` : empty;
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(sql`
        SELECT n.* FROM pubsub_node n WHERE TRUE ${among(sql`n.account_id`, filter.accountIds)} ${among(sql`n.service`, filter.services)}
          ${among(sql`n.node`, filter.nodes)}
          ${filter.types ? sql`AND (n.type IN (${join(types && types.length > 0 ? types : [null])}) ${filter.types.includes(null) ? sql`OR n.type IS NULL` : empty})` : empty}
        ORDER BY n.service, n.node, n.account_id`);
      return rows.map((row) => ({ ...recordOf(row), items: Number(row.items) }));
    });
  }
}
