import { DataTypes, Model, type Sequelize } from "sequelize";
import { instant, json } from "./columns.js";

/** A pubsub node that the cache knows about. */
export class PubsubNodeModel extends Model {
  declare id: number;
  declare accountId: number;
  declare service: string;
  declare node: string;
  declare analyser: string | null;
  declare type: string | null;
  declare subtype: string | null;
  declare state: string;
  declare subscribed: boolean;
  declare generation: number;
  declare lastSync: number | null;
  declare lastCheck: number | null;
  declare lastError: string | null;
}

export const initPubsubNode = (sequelize: Sequelize) =>
  class extends PubsubNodeModel {}.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      accountId: { type: DataTypes.INTEGER, allowNull: false, comment: "who may read this copy" },
      service: { type: DataTypes.TEXT, allowNull: false },
      node: { type: DataTypes.TEXT, allowNull: false },
      analyser: { type: DataTypes.TEXT },
      type: { type: DataTypes.TEXT },
      subtype: { type: DataTypes.TEXT },
      state: {
        type: DataTypes.TEXT,
        allowNull: false,
        comment: "new, syncing, synced, stale, error, ignored",
      },
      subscribed: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      generation: {
        type: DataTypes.INTEGER,
        allowNull: false,
        defaultValue: 0,
        comment: "counts synchronisations",
      },
      lastSync: { type: instant },
      lastCheck: { type: instant },
      lastError: { type: json },
    },
    { sequelize, tableName: "pubsub_node", modelName: "PubsubNode" },
  );

/** One item of a cached node. */
export class PubsubItemModel extends Model {
  declare id: number;
  declare nodeId: number;
  declare itemId: string;
  declare publisher: string | null;
  declare created: number;
  declare updated: number;
  declare dateSource: "service" | "observed";
  declare xml: string;
  declare parsed: string | null;
  declare parsedFolded: string | null;
  declare parseError: string | null;
  declare parser: string | null;
  declare position: number;
  declare nextPosition: number | null;
  declare generation: number;
  declare searchText: string;
}

export const initPubsubItem = (sequelize: Sequelize) =>
  class extends PubsubItemModel {}.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      nodeId: { type: DataTypes.INTEGER, allowNull: false },
      itemId: { type: DataTypes.TEXT, allowNull: false },
      publisher: { type: DataTypes.TEXT },
      created: { type: instant, allowNull: false },
      updated: { type: instant, allowNull: false },
      dateSource: { type: DataTypes.TEXT, allowNull: false },
      xml: { type: DataTypes.TEXT, allowNull: false, comment: "the whole item element" },
      parsed: { type: json, comment: "the parser's result; null without a parser or after a failure" },
      parsedFolded: {
        type: json,
        comment: "`parsed` with its strings case-folded, for comparisons without case",
      },
      parseError: { type: DataTypes.TEXT },
      parser: { type: DataTypes.TEXT, comment: "name and version of the parser that made `parsed`" },
      position: { type: DataTypes.BIGINT, allowNull: false, comment: "the service's order, oldest first" },
      nextPosition: { type: DataTypes.BIGINT, comment: "the order found by the running synchronisation" },
      generation: { type: DataTypes.INTEGER, allowNull: false, comment: "synchronisation that saw it last" },
      searchText: {
        type: DataTypes.TEXT,
        allowNull: false,
        defaultValue: "",
        comment: "what the full-text index holds",
      },
    },
    { sequelize, tableName: "pubsub_item", modelName: "PubsubItem" },
  );

/** A subscription that the service has confirmed (XEP-0060 §4.2). */
export class PubsubSubscriptionModel extends Model {
  declare accountId: number;
  declare service: string;
  declare node: string;
  declare subid: string;
  declare state: string;
}

export const initPubsubSubscription = (sequelize: Sequelize) =>
  class extends PubsubSubscriptionModel {}.init(
    {
      accountId: { type: DataTypes.INTEGER, primaryKey: true },
      service: { type: DataTypes.TEXT, primaryKey: true },
      node: { type: DataTypes.TEXT, primaryKey: true },
      subid: { type: DataTypes.TEXT, primaryKey: true, comment: "empty where the service gives none" },
      state: { type: DataTypes.TEXT, allowNull: false },
    },
    { sequelize, tableName: "pubsub_subscription", modelName: "PubsubSubscription" },
  );
