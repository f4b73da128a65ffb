import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import type { RosterContactModel } from "../models/index.js";
import { sql } from "../sql.js";

/** A roster entry (RFC 6121 §2.1.2). */
export interface RosterContact {
  readonly jid: string;
  readonly name?: string;
  readonly subscription: string;
  readonly ask?: string;
  readonly groups: readonly string[];
}

/** @throws {KeyTooLongError} the address */
function rowOf(accountId: number, contact: RosterContact) {
  checkKeys({ jid: contact.jid });
  return {
    ...contact,
    accountId,
    name: contact.name ?? null,
    ask: contact.ask ?? null,
    groups: JSON.stringify(contact.groups),
  };
}

const contactOf = (row: RosterContactModel): RosterContact => ({
  jid: row.jid,
  name: row.name ?? undefined,
  subscription: row.subscription,
  ask: row.ask ?? undefined,
  groups: JSON.parse(row.groups) as string[],
});

/** Contact lists as the servers last told them. */
export class RosterRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The contacts, by address. */
  list(accountId: number): Promise<RosterContact[]> {
    return this.#db.read(async ({ transaction }) =>
      (
        await this.#db.models.RosterContact.findAll({ where: { accountId }, order: ["jid"], transaction })
      ).map(contactOf),
    );
  }

  find(accountId: number, jid: string): Promise<RosterContact | undefined> {
    return this.#db.read(async ({ transaction }) => {
      const row = await this.#db.models.RosterContact.findOne({ where: { accountId, jid }, transaction });
      return row ? contactOf(row) : undefined;
    });
  }

  /** What the account calls these addresses; those without a name are left out. */
  names(accountId: number, jids: readonly string[]): Promise<Map<string, string>> {
    if (jids.length === 0) return Promise.resolve(new Map());
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ jid: string; name: string }>(sql`
        SELECT jid, name FROM roster_contact WHERE account_id = ${accountId} AND name IS NOT NULL
          AND jid IN (SELECT value FROM ${executor.dialect.list(jids)} AS wanted)`);
      return new Map(rows.map(({ jid, name }) => [jid, name]));
    });
  }

  /**
   * Puts a whole roster in place of the one kept.
   *
   * @throws {KeyTooLongError} an address; the roster stays as it was
   */
  replace(accountId: number, contacts: readonly RosterContact[], version: string | undefined): Promise<void> {
    return this.#db.write(async ({ transaction }) => {
      await this.#db.models.RosterContact.destroy({ where: { accountId }, transaction });
      await this.#db.models.RosterContact.bulkCreate(
        contacts.map((contact) => rowOf(accountId, contact)),
        { transaction },
      );
      await this.#db.models.Account.update(
        { rosterVersion: version ?? null },
        { where: { id: accountId }, transaction },
      );
    });
  }

  /**
   * Applies one roster push (RFC 6121 §2.1.6): `subscription` "remove" takes the contact away.
   *
   * @throws {KeyTooLongError} the address
   */
  apply(accountId: number, contact: RosterContact, version: string | undefined): Promise<void> {
    return this.#db.write(async ({ transaction }) => {
      await this.#db.models.RosterContact.destroy({ where: { accountId, jid: contact.jid }, transaction });
      if (contact.subscription !== "remove") {
        await this.#db.models.RosterContact.create(rowOf(accountId, contact), { transaction });
      }
      if (version !== undefined) {
        await this.#db.models.Account.update(
          { rosterVersion: version },
          { where: { id: accountId }, transaction },
        );
      }
    });
  }
}
