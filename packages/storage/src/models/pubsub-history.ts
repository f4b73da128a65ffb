import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** An account that may read a cached node that is kept once for all of its readers (XEP-0460 §11). */
export class PubsubNodeReaderModel extends Model {
  declare nodeId: number;
  declare accountId: number;
}

export function initPubsubNodeReader(sequelize: Sequelize): ModelStatic<PubsubNodeReaderModel> {
  const c = columnsFor(sequelize);
  return class extends PubsubNodeReaderModel {}.init(
    {
      nodeId: c.key("pubsub_node", { primaryKey: true, comment: "a node whose account_id is null" }),
      accountId: c.key("account", { primaryKey: true }),
    },
    {
      sequelize,
      tableName: "pubsub_node_reader",
      modelName: "PubsubNodeReader",
      indexes: [index("pubsub_node_reader_by_account", ["account_id", "node_id"])],
    },
  );
}

/** What an item was before it was published again. */
export class PubsubItemVersionModel extends Model {
  declare id: number;
  declare pubsubItemId: number;
  declare number: number;
  declare publisher: string | null;
  declare xml: string;
  declare updated: number;
  declare replacedAt: number;
}

export function initPubsubItemVersion(sequelize: Sequelize): ModelStatic<PubsubItemVersionModel> {
  const c = columnsFor(sequelize);
  return class extends PubsubItemVersionModel {}.init(
    {
      id: c.id(),
      pubsubItemId: c.key("pubsub_item", {
        allowNull: false,
        comment: "the row, not the item's id on the wire",
      }),
      number: c.count({ allowNull: false, comment: "0 is the first version that was seen" }),
      publisher: c.text({ comment: "of this version" }),
      xml: c.text({ allowNull: false, comment: "the whole item element" }),
      updated: c.instant({ allowNull: false, comment: "as in the item, at that time" }),
      replacedAt: c.instant({ allowNull: false, comment: "when the next version came" }),
    },
    {
      sequelize,
      tableName: "pubsub_item_version",
      modelName: "PubsubItemVersion",
      indexes: [index("pubsub_item_version_by_number", ["pubsub_item_id", "number"], { unique: true })],
    },
  );
}

/**
 * What one publisher has attached to one item (XEP-0470), as its attachment node has it. The item itself need not
 * be cached.
 */
export class PubsubAttachmentModel extends Model {
  declare id: number;
  declare nodeId: number;
  declare service: string;
  declare node: string;
  declare itemId: string;
  declare publisher: string;
  declare noticed: boolean;
  declare noticedAt: number | null;
  declare reactions: string;
  declare reactionsAt: number | null;
  declare xml: string;
  declare updated: number;
}

export function initPubsubAttachment(sequelize: Sequelize): ModelStatic<PubsubAttachmentModel> {
  const c = columnsFor(sequelize);
  return class extends PubsubAttachmentModel {}.init(
    {
      id: c.id(),
      nodeId: c.key("pubsub_node", {
        allowNull: false,
        comment: "the attachment node; its readers may read this",
      }),
      service: c.text({ allowNull: false, comment: "of the item that this is attached to" }),
      node: c.text({ allowNull: false, comment: "of that item" }),
      itemId: c.text({ allowNull: false, comment: "of that item" }),
      publisher: c.text({
        allowNull: false,
        comment: "bare JID, which is also the id in the attachment node (§4.1.1)",
      }),
      noticed: c.flag({ defaultValue: false, comment: "seen, which is neither praise nor blame (§4.7.2)" }),
      noticedAt: c.instant({ comment: "as the publisher states it" }),
      reactions: c.json({ allowNull: false, defaultValue: "[]", comment: "list of emojis, each once" }),
      reactionsAt: c.instant({ comment: "as the publisher states it" }),
      xml: c.text({
        allowNull: false,
        comment: "the whole attachments item: what we do not know must be kept",
      }),
      updated: c.instant({ allowNull: false, comment: "when this version was first seen" }),
    },
    {
      sequelize,
      tableName: "pubsub_attachment",
      modelName: "PubsubAttachment",
      indexes: [
        index("pubsub_attachment_by_publisher", ["node_id", "publisher"], { unique: true }),
        index("pubsub_attachment_by_item", ["service", "node", "item_id"]),
      ],
    },
  );
}
