import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** An id that a message is known by beside those in its own row. */
export class MessageAliasModel extends Model {
  declare id: number;
  declare messageId: number;
  declare accountId: number;
  declare conversation: string;
  declare kind: "wire" | "origin" | "stanza";
  declare value: string;
  declare givenBy: string;
  declare correction: boolean;
}

export function initMessageAlias(sequelize: Sequelize): ModelStatic<MessageAliasModel> {
  const c = columnsFor(sequelize);
  return class extends MessageAliasModel {}.init(
    {
      id: c.id(),
      messageId: c.key("message", { allowNull: false }),
      accountId: c.key("account", {
        allowNull: false,
        comment: "of the message: ids are looked up within it",
      }),
      conversation: c.text({ allowNull: false, comment: "of the message" }),
      kind: c.text({ allowNull: false, comment: "wire (the id attribute), origin or stanza (XEP-0359)" }),
      value: c.text({ allowNull: false, comment: "the id" }),
      givenBy: c.text({
        allowNull: false,
        comment:
          "who gave it: the archive for a stanza id, else the verified sender, to whom the id is a hint",
      }),
      correction: c.flag({
        defaultValue: false,
        comment: "id of a correction: whoever names it means the first version (XEP-0308 §4)",
      }),
    },
    {
      sequelize,
      tableName: "message_alias",
      modelName: "MessageAlias",
      indexes: [
        index("message_alias_by_value", ["account_id", "conversation", "value"]),
        index("message_alias_by_stanza_id", ["account_id", "given_by", "value"], {
          unique: true,
          where: "kind = 'stanza'",
        }),
        index("message_alias_of_message", ["message_id", "kind", "given_by", "value"], { unique: true }),
      ],
    },
  );
}

/** What a message said before a correction replaced it (XEP-0308). A retraction removes these rows. */
export class MessageVersionModel extends Model {
  declare id: number;
  declare messageId: number;
  declare number: number;
  declare bodies: string;
  declare subjects: string;
  declare timestamp: number;
  declare replacedAt: number;
  declare raw: string | null;
}

export function initMessageVersion(sequelize: Sequelize): ModelStatic<MessageVersionModel> {
  const c = columnsFor(sequelize);
  return class extends MessageVersionModel {}.init(
    {
      id: c.id(),
      messageId: c.key("message", { allowNull: false }),
      number: c.count({ allowNull: false, comment: "0 is the first version" }),
      bodies: c.json({ allowNull: false, defaultValue: "[]", comment: "list of {lang, text}" }),
      subjects: c.json({ allowNull: false, defaultValue: "[]", comment: "list of {lang, text}" }),
      timestamp: c.instant({ allowNull: false, comment: "when it was said" }),
      replacedAt: c.instant({ allowNull: false, comment: "time of the correction that took its place" }),
      raw: c.text({ comment: "the stanza as it came" }),
    },
    {
      sequelize,
      tableName: "message_version",
      modelName: "MessageVersion",
      indexes: [index("message_version_by_number", ["message_id", "number"], { unique: true })],
    },
  );
}

/**
 * A retraction or tombstone (XEP-0424, 0425) of a message that is not stored. It is kept, so that the message stays
 * away when a later copy of it comes.
 */
export class MessageRemovalModel extends Model {
  declare id: number;
  declare accountId: number;
  declare conversation: string;
  declare kind: "origin" | "wire" | "stanza";
  declare value: string;
  declare givenBy: string;
  declare timestamp: number;
  declare receivedAt: number | null;
}

export function initMessageRemoval(sequelize: Sequelize): ModelStatic<MessageRemovalModel> {
  const c = columnsFor(sequelize);
  return class extends MessageRemovalModel {}.init(
    {
      id: c.id(),
      accountId: c.key("account", { allowNull: false }),
      conversation: c.text({ allowNull: false, comment: "where the message would stand" }),
      kind: c.text({
        allowNull: false,
        comment: "which id of the message `value` is: wire, origin or stanza",
      }),
      value: c.text({ allowNull: false, comment: "the id" }),
      givenBy: c.text({
        allowNull: false,
        comment:
          "who may say so: the room for a stanza id, else the verified sender, which the message must have too",
      }),
      timestamp: c.instant({ allowNull: false, comment: "of the removal" }),
      receivedAt: c.instant({ comment: "since when it has waited for its message" }),
    },
    {
      sequelize,
      tableName: "message_removal",
      modelName: "MessageRemoval",
      indexes: [
        index("message_removal_by_value", ["account_id", "conversation", "value", "kind", "given_by"], {
          unique: true,
        }),
        index("message_removal_of_sender", ["account_id", "conversation", "given_by", "id"]),
      ],
    },
  );
}

/**
 * A receipt or marker (XEP-0184, XEP-0333) for a message that is not here yet: it counts when the message comes. An archive
 * that is read back in time has them in this order.
 */
export class MessageConfirmationModel extends Model {
  declare id: number;
  declare accountId: number;
  declare conversation: string;
  declare value: string;
  declare own: boolean;
  declare groupchat: boolean;
  declare state: "delivered" | "displayed";
  declare receivedAt: number | null;
}

export function initMessageConfirmation(sequelize: Sequelize): ModelStatic<MessageConfirmationModel> {
  const c = columnsFor(sequelize);
  return class extends MessageConfirmationModel {}.init(
    {
      id: c.id(),
      accountId: c.key("account", { allowNull: false }),
      conversation: c.text({ allowNull: false, comment: "where the message would stand" }),
      value: c.text({ allowNull: false, comment: "the id that it names the message by" }),
      own: c.flag({ defaultValue: false, comment: "another device of ours says so of what came in" }),
      groupchat: c.flag({ defaultValue: false, comment: "`value` is the id that the room gave" }),
      state: c.text({ allowNull: false, comment: "delivered or displayed" }),
      receivedAt: c.instant({ comment: "since when it has waited for its message" }),
    },
    {
      sequelize,
      tableName: "message_confirmation",
      modelName: "MessageConfirmation",
      indexes: [
        index("message_confirmation_by_value", ["account_id", "conversation", "value", "own", "groupchat"], {
          unique: true,
        }),
      ],
    },
  );
}
