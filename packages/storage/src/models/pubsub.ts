import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** A pubsub node that the cache knows about. */
export class PubsubNodeModel extends Model {
  declare id: number;
  declare accountId: number | null;
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
  declare items: number;
  declare lastPosition: number;
  declare metadata: string | null;
  declare resume: string | null;
  declare nextCheck: number | null;
  declare failures: number;
  declare completeFrom: number | null;
  declare bytes: number;
}

export function initPubsubNode(sequelize: Sequelize): ModelStatic<PubsubNodeModel> {
  const c = columnsFor(sequelize);
  return class extends PubsubNodeModel {}.init(
    {
      id: c.id(),
      accountId: c.key("account", {
        comment:
          "who may read this copy; null where accounts share it (XEP-0460 §11): see pubsub_node_reader",
      }),
      service: c.text({ allowNull: false, comment: "JID of the service; a bare JID for PEP" }),
      node: c.text({ allowNull: false, comment: "its name at the service" }),
      analyser: c.text({ comment: "name of the analyser that claimed the node" }),
      type: c.text({ comment: "what the analyser says it holds: blog, event, …" }),
      subtype: c.text({ comment: "finer than `type`: comment, …" }),
      state: c.text({ allowNull: false, comment: "new, syncing, synced, stale, error, ignored" }),
      subscribed: c.flag({ defaultValue: false, comment: "the service sends us its events" }),
      generation: c.count({ allowNull: false, defaultValue: 0, comment: "counts synchronisations" }),
      lastSync: c.instant({ comment: "end of the last full synchronisation" }),
      lastCheck: c.instant({ comment: "when it was last known to be up to date" }),
      lastError: c.json({ comment: "why the last attempt failed, and how often" }),
      items: c.count({
        allowNull: false,
        defaultValue: 0,
        comment: "number of visible items (position >= 0), kept so that nobody has to count",
      }),
      lastPosition: c.bigint({
        allowNull: false,
        defaultValue: -1,
        comment:
          "highest position given since the last synchronisation; not given again, for cursors that stand there",
      }),
      metadata: c.json({
        comment: "what the service says of the node: limits, access, caching hints (XEP-0460)",
      }),
      resume: c.json({ comment: "where a synchronisation that was cut short goes on" }),
      nextCheck: c.instant({ comment: "when it is looked at again by itself; null: only after an absence" }),
      failures: c.count({ allowNull: false, defaultValue: 0, comment: "attempts that failed in a row" }),
      completeFrom: c.bigint({
        comment: "position from which on no item is left out here; null where none is left out at all",
      }),
      bytes: c.bigint({
        allowNull: false,
        defaultValue: 0,
        comment: "characters of XML, exact at the end of a synchronisation and never too low after it",
      }),
    },
    {
      sequelize,
      tableName: "pubsub_node",
      modelName: "PubsubNode",
      indexes: [
        index("pubsub_node_by_name", ["account_id", "service", "node"], { unique: true }),
        index("pubsub_node_shared", ["service", "node"], { unique: true, where: "account_id IS NULL" }),
        index("pubsub_node_by_next_check", ["next_check"]),
      ],
    },
  );
}

/** One item of a cached node. Large columns stand last: SQLite reads through them to what comes after. */
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

export function initPubsubItem(sequelize: Sequelize): ModelStatic<PubsubItemModel> {
  const c = columnsFor(sequelize);
  return class extends PubsubItemModel {}.init(
    {
      id: c.id(),
      nodeId: c.key("pubsub_node", { allowNull: false }),
      position: c.bigint({ allowNull: false, comment: "the service's order, oldest first" }),
      nextPosition: c.bigint({ comment: "the order found by the running synchronisation" }),
      generation: c.count({ allowNull: false, comment: "synchronisation that saw it last" }),
      created: c.instant({ allowNull: false, comment: "the service's, else when it was first seen" }),
      updated: c.instant({
        allowNull: false,
        comment: "the service's, else when this version was first seen",
      }),
      dateSource: c.text({ allowNull: false, comment: "service or observed" }),
      parser: c.text({ comment: "name and version of the parser that made `parsed`" }),
      itemId: c.text({ allowNull: false, comment: "the item's id within its node" }),
      publisher: c.text({ comment: "as the service states it; nobody else is believed" }),
      xml: c.text({ allowNull: false, comment: "the whole item element" }),
      parsed: c.queriedJson({ comment: "the parser's result; null without a parser or after a failure" }),
      parsedFolded: c.queriedJson({
        comment: "`parsed` with its strings case-folded, for comparisons without case",
      }),
      parseError: c.text({ comment: "why there is no `parsed`" }),
      searchText: c.text({ allowNull: false, defaultValue: "", comment: "what the full-text index holds" }),
    },
    {
      sequelize,
      tableName: "pubsub_item",
      modelName: "PubsubItem",
      indexes: [
        index("pubsub_item_by_id", ["node_id", "item_id"], { unique: true }),
        index("pubsub_item_by_position", ["node_id", "position"]),
        index("pubsub_item_by_updated", ["updated", "id"]),
        index("pubsub_item_of_node_by_updated", ["node_id", "updated", "position"]),
        index("pubsub_item_by_created", ["created", "id"]),
      ],
    },
  );
}

/** A subscription that the service has confirmed (XEP-0060 §4.2). */
export class PubsubSubscriptionModel extends Model {
  declare accountId: number;
  declare service: string;
  declare node: string;
  declare subid: string;
  declare state: string;
}

export function initPubsubSubscription(sequelize: Sequelize): ModelStatic<PubsubSubscriptionModel> {
  const c = columnsFor(sequelize);
  return class extends PubsubSubscriptionModel {}.init(
    {
      accountId: c.key("account", { primaryKey: true }),
      service: c.text({ primaryKey: true, comment: "as in the node, which need not be cached" }),
      node: c.text({ primaryKey: true, comment: "as in the node" }),
      subid: c.text({ primaryKey: true, defaultValue: "", comment: "empty where the service gives none" }),
      state: c.text({ allowNull: false, comment: "none, pending, unconfigured, subscribed" }),
    },
    { sequelize, tableName: "pubsub_subscription", modelName: "PubsubSubscription" },
  );
}
