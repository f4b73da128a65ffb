import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { empty, join, type Sql, sql } from "../sql.js";
import {
  columnsOf,
  type ListedNode,
  type NodeChange,
  type NodeFilter,
  type NodeKey,
  type NodeRecord,
  type NodeRow,
  nodeOf,
} from "./node-record.js";
import { removeNodes } from "./removing-many.js";

/** The node `n` is one that these accounts may read: their own copy, or one that is shared with them. */
export const readableBy = (accountIds: readonly number[]): Sql => {
  if (accountIds.length === 0) return sql`FALSE`;
  const ids = join([...accountIds]);
  return sql`(n.account_id IN (${ids}) OR (n.account_id IS NULL AND EXISTS (
    SELECT 1 FROM pubsub_node_reader r WHERE r.node_id = n.id AND r.account_id IN (${ids}))))`;
};

/** One of the values, where null stands for none. */
const orNone = (column: Sql, values: readonly (string | null)[]): Sql => {
  const given = values.filter((value) => value !== null);
  return sql`(${column} IN (${join(given.length > 0 ? given : [null])}) ${values.includes(null) ? sql`OR ${column} IS NULL` : empty})`;
};

/** What a filter asks of the node `n`. */
export const fits = ({ accountIds, services, nodes, types, subtypes }: NodeFilter): Sql =>
  join(
    [
      sql`TRUE`,
      ...(accountIds ? [readableBy(accountIds)] : []),
      ...(services ? [orNone(sql`n.service`, services)] : []),
      ...(nodes ? [orNone(sql`n.node`, nodes)] : []),
      ...(types ? [orNone(sql`n.type`, types)] : []),
      ...(subtypes ? [orNone(sql`n.subtype`, subtypes)] : []),
    ],
    " AND ",
  );

/** A reading that was cut short goes on under its number. */
const STALE = sql`state = 'stale', generation = generation + CASE WHEN resume IS NULL THEN 1 ELSE 0 END`;

/** Cached nodes and how they stand. */
export class NodeRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The node as an account sees it: its own copy, else the one that is shared with it. */
  find(key: NodeKey): Promise<NodeRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<NodeRow>(sql`
        SELECT n.* FROM pubsub_node n
        WHERE n.account_id = ${key.accountId} AND n.service = ${key.service} AND n.node = ${key.node}
        UNION ALL
        SELECT n.* FROM pubsub_node n JOIN pubsub_node_reader r ON r.node_id = n.id AND r.account_id = ${key.accountId}
        WHERE n.account_id IS NULL AND n.service = ${key.service} AND n.node = ${key.node}
        LIMIT 1`);
      return row && nodeOf(row);
    });
  }

  get(id: number): Promise<NodeRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<NodeRow>(sql`SELECT n.* FROM pubsub_node n WHERE n.id = ${id}`);
      return row && nodeOf(row);
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
      const known = await this.find(key);
      if (known) return known;
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
      await this.#db.models.PubsubNode.update(columnsOf(change), { where: { id }, transaction });
    });
  }

  /** Begins a synchronisation: its number marks what it sees. A synced node stays readable meanwhile. */
  beginGeneration(id: number): Promise<number> {
    return this.#db.write(async ({ executor }) => {
      const row = await executor.first<{ generation: number }>(
        sql`UPDATE pubsub_node SET generation = generation + 1, resume = NULL,
              state = CASE WHEN state IN ('synced', 'stale') THEN state ELSE 'syncing' END
            WHERE id = ${id} RETURNING generation`,
      );
      return Number(row?.generation);
    });
  }

  /**
   * Events may have been missed: every synced node of the account needs catching up, one whose first
   * synchronisation was cut short goes on, and one that failed gets another try.
   *
   * @returns those nodes
   */
  markStale(accountId: number): Promise<NodeRecord[]> {
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`UPDATE pubsub_node SET ${STALE} WHERE account_id = ${accountId} AND state = 'synced'`,
      );
      const rows = await executor.all<NodeRow>(
        sql`SELECT n.* FROM pubsub_node n WHERE n.account_id = ${accountId} AND n.state IN ('new', 'stale', 'syncing', 'error')
            ORDER BY n.last_check IS NOT NULL, n.last_check, n.id`,
      );
      return rows.map(nodeOf);
    });
  }

  /**
   * Events of a node may have been missed, or it is to be compared with its service: what comes from now on has a
   * number of its own, for it says nothing of what came before.
   *
   * @returns the node as it is then
   */
  markNodeStale(id: number): Promise<NodeRecord | undefined> {
    return this.#db.write(async ({ executor }) => {
      await executor.run(sql`UPDATE pubsub_node SET ${STALE} WHERE id = ${id} AND state = 'synced'`);
      return this.get(id);
    });
  }

  /** Nodes of an account that are not as their services have them. */
  unfinished(accountId: number): Promise<NodeRecord[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<NodeRow>(
        sql`SELECT n.* FROM pubsub_node n WHERE n.account_id = ${accountId} AND n.state IN ('new', 'stale', 'syncing', 'error')
            ORDER BY n.id`,
      );
      return rows.map(nodeOf);
    });
  }

  /** Nodes whose time to be looked at again has come, the most overdue first. */
  due(now: Date, limit: number): Promise<ListedNode[]> {
    return this.#listed(sql`n.next_check <= ${now.getTime()}`, sql`ORDER BY n.next_check LIMIT ${limit}`);
  }

  /** When the next node is due after an instant; undefined where none is. */
  async nextDue(after: Date): Promise<Date | undefined> {
    const row = await this.#db.read(({ executor }) =>
      executor.first<{ next: number | string | null }>(
        sql`SELECT min(next_check) AS next FROM pubsub_node WHERE next_check > ${after.getTime()}`,
      ),
    );
    return row?.next == null ? undefined : new Date(Number(row.next));
  }

  /** Removes the node with its items. */
  remove(id: number): Promise<void> {
    return this.#db.write(({ executor }) => removeNodes(executor, sql`id = ${id}`));
  }

  /** Nodes with who may read them, by service and node. */
  list(filter: NodeFilter = {}): Promise<ListedNode[]> {
    return this.#listed(fits(filter), sql`ORDER BY n.service, n.node, n.account_id`);
  }

  #listed(condition: Sql, order: Sql): Promise<ListedNode[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<NodeRow>(
        sql`SELECT n.* FROM pubsub_node n WHERE ${condition} ${order}`,
      );
      const nodes = rows.map(nodeOf);
      const shared = nodes.filter(({ accountId }) => accountId === undefined);
      const readers = new Map<number, number[]>();
      if (shared.length > 0) {
        const found = await executor.all<{ node_id: number; account_id: number }>(
          sql`SELECT node_id, account_id FROM pubsub_node_reader ORDER BY node_id, account_id`,
        );
        for (const { node_id, account_id } of found)
          readers.set(node_id, [...(readers.get(node_id) ?? []), account_id]);
      }
      return nodes.map((node) => ({
        ...node,
        accountIds: node.accountId === undefined ? (readers.get(node.id) ?? []) : [node.accountId],
      }));
    });
  }
}
