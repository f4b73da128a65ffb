import { DataTypes, Model, type Sequelize } from "sequelize";
import { instant, json } from "./columns.js";

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

export const initAccount = (sequelize: Sequelize) =>
  class extends AccountModel {}.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      jid: {
        type: DataTypes.TEXT,
        allowNull: false,
        unique: true,
        comment: "bare JID, normalised (RFC 7622)",
      },
      service: { type: DataTypes.TEXT, comment: "where to connect; null means SRV records" },
      resource: { type: DataTypes.TEXT },
      autoConnect: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      tls: { type: DataTypes.TEXT, allowNull: false, defaultValue: "required" },
      caFile: { type: DataTypes.TEXT, comment: "PEM file of a private CA for this account alone" },
      allowPlaintext: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      rosterVersion: { type: DataTypes.TEXT, comment: "RFC 6121 §2.6; what the roster rows stand at" },
      lastError: { type: json, comment: "why the last connection failed or ended" },
      removed: {
        type: DataTypes.BOOLEAN,
        allowNull: false,
        defaultValue: false,
        comment: "the account was removed and its data kept; adding it again brings it back",
      },
      createdAt: { type: instant, allowNull: false },
    },
    { sequelize, tableName: "account", modelName: "Account" },
  );

/** A roster entry (RFC 6121 §2). */
export class RosterContactModel extends Model {
  declare accountId: number;
  declare jid: string;
  declare name: string | null;
  declare subscription: string;
  declare ask: string | null;
  declare groups: string;
}

export const initRosterContact = (sequelize: Sequelize) =>
  class extends RosterContactModel {}.init(
    {
      accountId: { type: DataTypes.INTEGER, primaryKey: true },
      jid: { type: DataTypes.TEXT, primaryKey: true },
      name: { type: DataTypes.TEXT },
      subscription: { type: DataTypes.TEXT, allowNull: false, defaultValue: "none" },
      ask: { type: DataTypes.TEXT },
      groups: { type: json, allowNull: false, defaultValue: "[]" },
    },
    { sequelize, tableName: "roster_contact", modelName: "RosterContact" },
  );
