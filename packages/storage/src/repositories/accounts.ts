import type { Database } from "../database.js";
import { DuplicateError } from "../errors.js";
import { removeEventsOf } from "../event-log.js";
import { checkKeys } from "../keys.js";
import type { AccountModel } from "../models/index.js";
import { sql } from "../sql.js";
import { removeNodes, removingMany } from "./removing-many.js";

/** An account as it is kept; the password is elsewhere. */
export interface AccountRecord {
  readonly id: number;
  readonly jid: string;
  readonly service?: string;
  readonly resource?: string;
  readonly autoConnect: boolean;
  readonly tls: "required" | "disabled";
  readonly caFile?: string;
  readonly allowPlaintext: boolean;
  readonly rosterVersion?: string;
  readonly lastError?: Readonly<Record<string, unknown>>;
  /** When it was added here. */
  readonly addedAt: Date;
}

export type NewAccount = Omit<AccountRecord, "id" | "rosterVersion" | "lastError" | "addedAt">;

function recordOf(row: AccountModel): AccountRecord {
  return {
    id: row.id,
    jid: row.jid,
    service: row.service ?? undefined,
    resource: row.resource ?? undefined,
    autoConnect: Boolean(row.autoConnect),
    tls: row.tls,
    caFile: row.caFile ?? undefined,
    allowPlaintext: Boolean(row.allowPlaintext),
    rosterVersion: row.rosterVersion ?? undefined,
    lastError: row.lastError ? (JSON.parse(row.lastError) as Record<string, unknown>) : undefined,
    addedAt: new Date(Number(row.createdAt)),
  };
}

/** The accounts this database belongs to. */
export class AccountRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Adds an account; one that was removed with its data kept comes back with it.
   *
   * @throws {DuplicateError} the account is there already
   * @throws {KeyTooLongError} its address
   */
  async add(account: NewAccount): Promise<AccountRecord> {
    checkKeys({ jid: account.jid });
    return this.#db.write(async ({ transaction }) => {
      const { Account } = this.#db.models;
      const existing = await Account.findOne({ where: { jid: account.jid }, transaction });
      if (existing && !existing.removed)
        throw new DuplicateError(`the account ${account.jid} is there already`);
      const values = {
        service: null,
        resource: null,
        caFile: null,
        lastError: null,
        ...account,
        removed: false,
      };
      if (existing) return recordOf(await existing.update(values, { transaction }));
      return recordOf(await Account.create({ ...values, createdAt: Date.now() }, { transaction }));
    });
  }

  /** All accounts in the order they were added. */
  list(): Promise<AccountRecord[]> {
    return this.#db.read(async ({ transaction }) =>
      (await this.#db.models.Account.findAll({ where: { removed: false }, order: ["id"], transaction })).map(
        recordOf,
      ),
    );
  }

  get(jid: string): Promise<AccountRecord | undefined> {
    return this.#db.read(async ({ transaction }) => {
      const row = await this.#db.models.Account.findOne({ where: { jid, removed: false }, transaction });
      return row ? recordOf(row) : undefined;
    });
  }

  update(
    id: number,
    values: {
      autoConnect?: boolean;
      rosterVersion?: string;
      lastError?: object | null;
      service?: string | null;
      resource?: string | null;
      caFile?: string | null;
    },
  ): Promise<void> {
    return this.#db.write(async ({ transaction }) => {
      const { lastError, ...rest } = values;
      const error = lastError === undefined ? {} : { lastError: lastError && JSON.stringify(lastError) };
      await this.#db.models.Account.update({ ...rest, ...error }, { where: { id }, transaction });
    });
  }

  /** Removes the account, with everything that was kept for it, its events included, unless `keepData`. */
  remove(id: number, options: { keepData: boolean }): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      if (options.keepData) return executor.run(sql`UPDATE account SET removed = TRUE WHERE id = ${id}`);
      // Events of nodes that are not cached carry their items, which are the account's too.
      await removeEventsOf(executor, id);
      await removeNodes(executor, sql`account_id = ${id}`);
      await removingMany(
        executor,
        "message",
        sql`SELECT count(*) AS n FROM message WHERE account_id = ${id}`,
        () => executor.run(sql`DELETE FROM account WHERE id = ${id}`),
      );
    });
  }
}
