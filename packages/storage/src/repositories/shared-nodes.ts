import type { Database } from "../database.js";
import { sql } from "../sql.js";
import { type NodeRecord, type NodeRow, nodeOf } from "./node-record.js";
import { removeNodes } from "./removing-many.js";

/** Nodes that are kept once for all accounts that may read them (XEP-0460 §11). */
export class SharedNodeRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The shared copy of a node, whoever may read it. */
  find(service: string, node: string): Promise<NodeRecord | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<NodeRow>(
        sql`SELECT n.* FROM pubsub_node n WHERE n.account_id IS NULL AND n.service = ${service} AND n.node = ${node}`,
      );
      return row && nodeOf(row);
    });
  }

  /** The shared nodes that an account may read. */
  of(accountId: number): Promise<NodeRecord[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<NodeRow>(
        sql`SELECT n.* FROM pubsub_node n JOIN pubsub_node_reader r ON r.node_id = n.id
            WHERE r.account_id = ${accountId} AND n.account_id IS NULL ORDER BY n.id`,
      );
      return rows.map(nodeOf);
    });
  }

  /** Row ids of the accounts that may read a node, in the order of their being added. */
  readers(nodeId: number): Promise<number[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ account_id: number }>(
        sql`SELECT account_id FROM pubsub_node_reader WHERE node_id = ${nodeId} ORDER BY account_id`,
      );
      return rows.map((row) => row.account_id);
    });
  }

  /**
   * Makes an account's own copy the shared one, which it may read.
   *
   * @returns false where another shared copy is there already, or the node is gone or shared
   */
  share(nodeId: number): Promise<boolean> {
    return this.#db.write(async ({ executor }) => {
      const node = await executor.first<NodeRow>(
        sql`SELECT n.* FROM pubsub_node n WHERE n.id = ${nodeId} AND n.account_id IS NOT NULL`,
      );
      if (!node || (await this.find(node.service, node.node))) return false;
      await executor.run(sql`UPDATE pubsub_node SET account_id = NULL WHERE id = ${nodeId}`);
      await this.addReader(nodeId, Number(node.account_id));
      return true;
    });
  }

  /** Lets an account read a shared node; a copy of its own goes. */
  addReader(nodeId: number, accountId: number): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`INSERT INTO pubsub_node_reader (node_id, account_id) VALUES (${nodeId}, ${accountId}) ON CONFLICT DO NOTHING`,
      );
      await removeNodes(
        executor,
        sql`account_id = ${accountId} AND (service, node) IN (
          SELECT n.service, n.node FROM pubsub_node n WHERE n.id = ${nodeId} AND n.account_id IS NULL)`,
      );
    });
  }

  /** An account may no longer read a node; the last one takes the node along. */
  removeReader(nodeId: number, accountId: number): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`DELETE FROM pubsub_node_reader WHERE node_id = ${nodeId} AND account_id = ${accountId}`,
      );
      await this.removeUnread();
    });
  }

  /** Removes shared nodes that no account may read any more, as when its account was removed. */
  removeUnread(): Promise<void> {
    return this.#db.write(({ executor }) =>
      removeNodes(
        executor,
        sql`account_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM pubsub_node_reader r WHERE r.node_id = pubsub_node.id)`,
      ),
    );
  }
}
