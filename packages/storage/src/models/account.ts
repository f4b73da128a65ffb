import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor } from "./columns.js";

/** A local identity the daemon connects as. Its password is not here. */
export class AccountModel extends Model {
  declare id: number;
  declare jid: string;
  declare service: string | null;
  declare resource: string | null;
  declare autoConnect: boolean;
  declare tls: "required" | "disabled";
  declare caFile: string | null;
  declare allowPlaintext: boolean;
  declare rosterVersion: string | null;
  declare lastError: string | null;
  declare removed: boolean;
  declare createdAt: number;
}

export function initAccount(sequelize: Sequelize): ModelStatic<AccountModel> {
  const c = columnsFor(sequelize);
  return class extends AccountModel {}.init(
    {
      id: c.id(),
      jid: c.text({ allowNull: false, unique: true, comment: "bare JID, normalised (RFC 7622)" }),
      service: c.text({ comment: "where to connect; null means SRV records" }),
      resource: c.text({ comment: "asked for when binding (RFC 6120 §7.7); null lets the server choose" }),
      autoConnect: c.flag({ defaultValue: true, comment: "connect when the daemon starts" }),
      tls: c.text({ allowNull: false, defaultValue: "required", comment: "required or disabled" }),
      caFile: c.text({ comment: "PEM file of a private CA for this account alone" }),
      allowPlaintext: c.flag({ defaultValue: false, comment: "without TLS also to other machines" }),
      rosterVersion: c.text({ comment: "RFC 6121 §2.6; what the roster rows stand at" }),
      lastError: c.json({ comment: "why the last connection failed or ended" }),
      removed: c.flag({
        defaultValue: false,
        comment: "the account was removed and its data kept; adding it again brings it back",
      }),
      createdAt: c.instant({ allowNull: false }),
    },
    { sequelize, tableName: "account", modelName: "Account" },
  );
}

/** A roster entry (RFC 6121 §2). */
export class RosterContactModel extends Model {
  declare accountId: number;
  declare jid: string;
  declare name: string | null;
  declare subscription: string;
  declare ask: string | null;
  declare groups: string;
}

export function initRosterContact(sequelize: Sequelize): ModelStatic<RosterContactModel> {
  const c = columnsFor(sequelize);
  return class extends RosterContactModel {}.init(
    {
      accountId: c.key("account", { primaryKey: true }),
      jid: c.text({ primaryKey: true, comment: "bare JID of the contact" }),
      name: c.text({ comment: "the name that the user gave (RFC 6121 §2.1.2.4)" }),
      subscription: c.text({ allowNull: false, defaultValue: "none", comment: "none, to, from or both" }),
      ask: c.text({ comment: "subscribe while a request of ours is pending" }),
      groups: c.json({ allowNull: false, defaultValue: "[]", comment: "list of names" }),
    },
    { sequelize, tableName: "roster_contact", modelName: "RosterContact" },
  );
}
