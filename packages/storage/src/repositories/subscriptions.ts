import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { sql } from "../sql.js";

/** A subscription as the service has told it (XEP-0060 §4.2). */
export interface SubscriptionRecord {
  readonly accountId: number;
  readonly service: string;
  readonly node: string;
  readonly subid?: string;
  readonly state: string;
}

/** Subscriptions that services have confirmed. */
export class SubscriptionRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws {KeyTooLongError} the node, its service or the id of the subscription */
  async put(record: SubscriptionRecord): Promise<void> {
    checkKeys({ service: record.service, node: record.node, subid: record.subid });
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        INSERT INTO pubsub_subscription (account_id, service, node, subid, state)
        VALUES (${record.accountId}, ${record.service}, ${record.node}, ${record.subid ?? ""}, ${record.state})
        ON CONFLICT (account_id, service, node, subid) DO UPDATE SET state = excluded.state`),
    );
  }

  remove(accountId: number, service: string, node: string): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(
        sql`DELETE FROM pubsub_subscription WHERE account_id = ${accountId} AND service = ${service} AND node = ${node}`,
      ),
    );
  }

  /** The nodes to which an account is subscribed, or has asked to be. */
  of(accountId: number): Promise<{ service: string; node: string }[]> {
    return this.#db.read(({ executor }) =>
      executor.all<{ service: string; node: string }>(
        sql`SELECT service, node FROM pubsub_subscription WHERE account_id = ${accountId} AND state <> 'none'`,
      ),
    );
  }

  /** All of an account at a service. */
  at(accountId: number, service: string): Promise<SubscriptionRecord[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ node: string; subid: string; state: string }>(
        sql`SELECT node, subid, state FROM pubsub_subscription
            WHERE account_id = ${accountId} AND service = ${service} ORDER BY node, subid`,
      );
      return rows.map(({ node, subid, state }) => ({
        accountId,
        service,
        node,
        subid: subid || undefined,
        state,
      }));
    });
  }

  /**
   * Takes in everything that a service says of an account's subscriptions there: what it does not name is gone. That
   * the user has ended one (`none`) is remembered until it is there again.
   */
  replace(
    accountId: number,
    service: string,
    current: readonly { node: string; subid?: string; state: string }[],
  ): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`DELETE FROM pubsub_subscription WHERE account_id = ${accountId} AND service = ${service} AND state <> 'none'`,
      );
      for (const { node } of current) await this.remove(accountId, service, node);
      for (const subscription of current) await this.put({ ...subscription, accountId, service });
    });
  }

  find(accountId: number, service: string, node: string): Promise<SubscriptionRecord[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ subid: string; state: string }>(
        sql`SELECT subid, state FROM pubsub_subscription WHERE account_id = ${accountId} AND service = ${service} AND node = ${node}`,
      );
      return rows.map((row) => ({
        accountId,
        service,
        node,
        subid: row.subid || undefined,
        state: row.state,
      }));
    });
  }
}
