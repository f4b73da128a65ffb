import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import sqlite3 from "sqlite3";
import { type PasswordHash, scramKeys } from "../xmpp-server/scram.js";

const ITERATIONS = 4096; // ejabberd's own
const ROWS_PER_STATEMENT = 500;

/** One item as it is written past the server. */
export interface SeedItem {
  readonly id: string;
  /** The payload element as XML. */
  readonly payload: string;
}

/** How {@link EjabberdDatabase.fill} finds and makes a node. */
export interface SeedNode {
  /** The service as ejabberd keeps it: the pubsub domain, or the bare JID of a PEP service's owner. */
  readonly host: string;
  readonly node: string;
  /** Bare JID of who owns the node if it is made, and publishes the items. */
  readonly owner: string;
  readonly pep: boolean;
  /** Most items the node may hold. */
  readonly maxItems: number;
}

/** ejabberd's times: millions of seconds, seconds, microseconds. */
function timestamp(microseconds: number): string {
  const parts = [Math.floor(microseconds / 1e12), Math.floor(microseconds / 1e6) % 1e6, microseconds % 1e6];
  return parts.map((part) => String(part).padStart(6, "0")).join(":");
}

/**
 * ejabberd's SQLite file, written beside the server: its own ways to make accounts need a node name, and its
 * publishing slows with every item of a node.
 */
export class EjabberdDatabase {
  private constructor(private readonly connection: sqlite3.Database) {}

  /** Makes the file with ejabberd's own schema. */
  static async create(file: string, schemaFile: string): Promise<EjabberdDatabase> {
    const connection = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opened = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(opened)));
    });
    const database = new EjabberdDatabase(connection);
    // WAL is a property of the file, so ejabberd commits with one sync in place of several too.
    await database.#script(
      "PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 10000; PRAGMA synchronous = OFF",
    );
    await database.#script(await readFile(schemaFile, "utf8"));
    // Without it each page of a node sorts all of its items: a node of 100,000 would mostly measure that.
    await database.#script("CREATE INDEX i_pubsub_item_page ON pubsub_item (nodeid, creation)");
    return database;
  }

  /** Registers an account, or gives it a new password (RFC 5802 §3), as `auth_method: sql` keeps it. */
  async addUser(name: string, password: string, hash: PasswordHash): Promise<void> {
    const salt = randomBytes(16);
    const { storedKey, serverKey } = await scramKeys(password, salt, ITERATIONS, hash);
    const stored = storedKey.toString("base64");
    await this.#run(
      "INSERT OR REPLACE INTO users (username, password, serverkey, salt, iterationcount) VALUES (?, ?, ?, ?, ?)",
      [
        name.normalize("NFKC").toLowerCase(),
        hash === "SHA-256" ? `sha256:${stored}` : stored,
        serverKey.toString("base64"),
        salt.toString("base64"),
        ITERATIONS,
      ],
    );
  }

  /**
   * Appends items to a node, which is made (open to all) where there is none. Nobody is notified. An item whose id is
   * there already is overwritten, and keeps its place.
   *
   * @param at when the first item was published; each further one is a second younger, so that their order is sure
   */
  async fill(target: SeedNode, items: Iterable<SeedItem>, at: Date): Promise<void> {
    await this.#script("BEGIN IMMEDIATE");
    try {
      const nodeId = (await this.#nodeId(target)) ?? (await this.#makeNode(target));
      let time = at.getTime() * 1000;
      let values: unknown[] = [];
      const flush = async () => {
        if (values.length === 0) return;
        const rows = Array.from({ length: values.length / 6 }, () => "(?, ?, ?, ?, ?, ?)").join(", ");
        await this.#run(
          `INSERT INTO pubsub_item (nodeid, itemid, publisher, creation, modification, payload) VALUES ${rows}
           ON CONFLICT (nodeid, itemid) DO UPDATE SET modification = excluded.modification, payload = excluded.payload`,
          values,
        );
        values = [];
      };
      for (const { id, payload } of items) {
        const stamp = timestamp(time);
        values.push(nodeId, id, target.owner, stamp, stamp, payload);
        time += 1_000_000;
        if (values.length === ROWS_PER_STATEMENT * 6) await flush();
      }
      await flush();
      await this.#script("COMMIT");
    } catch (error) {
      await this.#script("ROLLBACK");
      throw error;
    }
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.connection.close((error) => (error ? reject(error) : resolve())),
    );
  }

  async #nodeId({ host, node }: SeedNode): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      this.connection.get(
        "SELECT nodeid FROM pubsub_node WHERE host = ? AND node = ?",
        [host, node],
        (error: Error | null, row?: { nodeid: number }) => (error ? reject(error) : resolve(row?.nodeid)),
      );
    });
  }

  async #makeNode({ host, node, owner, pep, maxItems }: SeedNode): Promise<number> {
    await this.#run("INSERT INTO pubsub_node (host, node, plugin) VALUES (?, ?, ?)", [
      host,
      node,
      pep ? "pep" : "flat",
    ]);
    const id = (await this.#nodeId({ host, node, owner, pep, maxItems })) ?? 0;
    await this.#run(
      "INSERT INTO pubsub_state (nodeid, jid, affiliation, subscriptions) VALUES (?, ?, 'o', '')",
      [id, owner],
    );
    await this.#run("INSERT INTO pubsub_node_owner (nodeid, owner) VALUES (?, ?)", [id, owner]);
    const options: Record<string, string> = {
      deliver_payloads: "true",
      deliver_notifications: "true",
      notify_config: "false",
      notify_delete: "true",
      notify_retract: "true",
      purge_offline: "false",
      persist_items: "true",
      max_items: String(maxItems),
      subscribe: "true",
      access_model: "open",
      roster_groups_allowed: "[]",
      publish_model: "publishers",
      notification_type: "headline",
      max_payload_size: "1000000000",
      send_last_published_item: "never",
      presence_based_delivery: "false",
      itemreply: "none",
    };
    for (const [name, value] of Object.entries(options))
      await this.#run("INSERT INTO pubsub_node_option (nodeid, name, val) VALUES (?, ?, ?)", [
        id,
        name,
        value,
      ]);
    return id;
  }

  #run(statement: string, values: readonly unknown[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.connection.run(statement, values, (error: Error | null) => (error ? reject(error) : resolve())),
    );
  }

  #script(statements: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.connection.exec(statements, (error) => (error ? reject(error) : resolve())),
    );
  }
}
