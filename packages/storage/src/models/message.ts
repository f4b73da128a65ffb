import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** One message of one account's history. */
export class MessageModel extends Model {
  declare id: number;
  declare uid: string;
  declare accountId: number;
  declare conversation: string;
  declare direction: "in" | "out";
  declare type: string;
  declare fromJid: string;
  declare toJid: string;
  declare sender: string;
  declare wireId: string | null;
  declare originId: string | null;
  declare stanzaId: string | null;
  declare stanzaIdBy: string | null;
  declare thread: string | null;
  declare replyToId: string | null;
  declare timestamp: number;
  declare position: number;
  declare standsFor: string | null;
  declare receivedAt: number;
  declare state: string | null;
  declare error: string | null;
  declare nick: string | null;
  declare occupantId: string | null;
  declare realJid: string | null;
  declare edited: number | null;
  declare retracted: number | null;
  declare delayed: boolean;
  declare encrypted: string | null;
  declare digest: string | null;
  declare raw: string | null;
  declare extra: string;
  declare searchText: string;
}

export function initMessage(sequelize: Sequelize): ModelStatic<MessageModel> {
  const c = columnsFor(sequelize);
  return class extends MessageModel {}.init(
    {
      id: c.id(),
      uid: c.text({ allowNull: false, unique: true, comment: "Larder's own id, stable for ever" }),
      accountId: c.key("account", { allowNull: false }),
      conversation: c.text({
        allowNull: false,
        comment: "bare JID of the other party or room; room/nick for private room messages",
      }),
      direction: c.text({ allowNull: false, comment: "in or out; a note to oneself is out" }),
      type: c.text({ allowNull: false, comment: "of the stanza (RFC 6121 §5.2.2)" }),
      fromJid: c.text({ allowNull: false, comment: "as on the wire" }),
      toJid: c.text({ allowNull: false, comment: "as on the wire" }),
      sender: c.text({ allowNull: false, comment: "the verified sender: bare JID, or room/nick" }),
      wireId: c.text({ comment: "the stanza's id attribute" }),
      originId: c.text({ comment: "XEP-0359; a hint that belongs to `sender`" }),
      stanzaId: c.text({ comment: "the archive's id, from an entity that announces it" }),
      stanzaIdBy: c.text({ comment: "who gave `stanza_id`: the account or the room" }),
      thread: c.text({ comment: "RFC 6121 §5.2.5" }),
      replyToId: c.text({ comment: "XEP-0461: the wire id replied to" }),
      timestamp: c.instant({ allowNull: false, comment: "archive's or delay's time, else the arrival" }),
      position: c.bigint({
        allowNull: false,
        defaultValue: 0,
        comment:
          "order of history: microseconds of `timestamp`, put right where the archive says another order",
      }),
      standsFor: c.text({
        comment: "a correction whose first version is not here yet: the id it gives that (XEP-0308 §4)",
      }),
      receivedAt: c.instant({ allowNull: false, comment: "when it was stored here" }),
      state: c.text({ comment: "of an outgoing message: pending, sent, delivered, displayed, failed" }),
      error: c.json({ comment: "why `state` is failed" }),
      nick: c.text({ comment: "XEP-0172, or the occupant's in a room" }),
      occupantId: c.text({ comment: "XEP-0421, from a room that announces it" }),
      realJid: c.text({ comment: "of the occupant, where the room shows it" }),
      edited: c.instant({ comment: "time of the last correction (XEP-0308)" }),
      retracted: c.instant({ comment: "since when only this row is left of it (XEP-0424, 0425)" }),
      delayed: c.flag({ defaultValue: false, comment: "it came with a delay stamp (XEP-0203)" }),
      encrypted: c.text({ comment: "namespace of the encryption, kept and not decrypted" }),
      digest: c.text({
        comment:
          "keyed digest of the first version's words, kept on correction and retraction: copies are compared by it",
      }),
      raw: c.text({ comment: "the stanza as it came; scrubbed on retraction" }),
      extra: c.json({ allowNull: false, defaultValue: "{}", comment: "what plugins and gateways say of it" }),
      searchText: c.text({ allowNull: false, defaultValue: "", comment: "what the full-text index holds" }),
    },
    {
      sequelize,
      tableName: "message",
      modelName: "Message",
      indexes: [
        index("message_by_conversation", ["account_id", "conversation", "position", "id"]),
        index("message_by_time", ["position", "id"]),
        index("message_of_account_by_time", ["account_id", "position", "id"]),
        index("message_by_stanza_id", ["account_id", "stanza_id_by", "stanza_id"], {
          unique: true,
          where: "stanza_id IS NOT NULL",
        }),
        index("message_by_wire_id", ["account_id", "conversation", "wire_id", "direction", "sender"]),
        index("message_by_origin_id", ["account_id", "conversation", "origin_id", "direction", "sender"], {
          where: "origin_id IS NOT NULL",
        }),
        index("message_pending", ["account_id", "conversation"], { where: "state = 'pending'" }),
      ],
    },
  );
}

/** A body or subject in one language (RFC 6121 §5.2.3, §5.2.4). */
export class MessageTextModel extends Model {
  declare messageId: number;
  declare kind: "body" | "subject";
  declare lang: string;
  declare text: string;
  declare position: number;
}

export function initMessageText(sequelize: Sequelize): ModelStatic<MessageTextModel> {
  const c = columnsFor(sequelize);
  return class extends MessageTextModel {}.init(
    {
      messageId: c.key("message", { primaryKey: true }),
      kind: c.text({ primaryKey: true, comment: "body or subject" }),
      lang: c.text({ primaryKey: true, defaultValue: "", comment: "empty where none is stated" }),
      text: c.text({ allowNull: false, comment: "as it is shown" }),
      position: c.count({
        allowNull: false,
        defaultValue: 0,
        comment: "the order in which the stanza has them",
      }),
    },
    { sequelize, tableName: "message_text", modelName: "MessageText" },
  );
}

/** Sends that named a `requestId`, so that a repeated call sends once. */
export class SendRequestModel extends Model {
  declare accountId: number;
  declare requestId: string;
  declare result: string;
  declare createdAt: number;
}

export function initSendRequest(sequelize: Sequelize): ModelStatic<SendRequestModel> {
  const c = columnsFor(sequelize);
  return class extends SendRequestModel {}.init(
    {
      accountId: c.key("account", { primaryKey: true }),
      requestId: c.text({ primaryKey: true, comment: "the caller's own" }),
      result: c.text({ allowNull: false, comment: "what the first call made: a uid or an item id" }),
      createdAt: c.instant({ allowNull: false, comment: "after a day it is forgotten" }),
    },
    { sequelize, tableName: "send_request", modelName: "SendRequest" },
  );
}
