import { DataTypes, Model, type Sequelize } from "sequelize";
import { instant, json } from "./columns.js";

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
  declare raw: string | null;
  declare extra: string;
  declare searchText: string;
}

export const initMessage = (sequelize: Sequelize) =>
  class extends MessageModel {}.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      uid: {
        type: DataTypes.TEXT,
        allowNull: false,
        unique: true,
        comment: "Larder's own id, stable for ever",
      },
      accountId: { type: DataTypes.INTEGER, allowNull: false },
      conversation: { type: DataTypes.TEXT, allowNull: false },
      direction: { type: DataTypes.TEXT, allowNull: false },
      type: { type: DataTypes.TEXT, allowNull: false },
      fromJid: { type: DataTypes.TEXT, allowNull: false },
      toJid: { type: DataTypes.TEXT, allowNull: false },
      sender: {
        type: DataTypes.TEXT,
        allowNull: false,
        comment: "the verified sender: bare JID, or room/nick",
      },
      wireId: { type: DataTypes.TEXT, comment: "the stanza's id attribute" },
      originId: { type: DataTypes.TEXT, comment: "XEP-0359; a hint that belongs to `sender`" },
      stanzaId: { type: DataTypes.TEXT, comment: "the archive's id, from an entity that announces it" },
      stanzaIdBy: { type: DataTypes.TEXT },
      thread: { type: DataTypes.TEXT },
      replyToId: { type: DataTypes.TEXT, comment: "XEP-0461: the wire id replied to" },
      timestamp: { type: instant, allowNull: false, comment: "archive's or delay's time, else the arrival" },
      receivedAt: { type: instant, allowNull: false },
      state: {
        type: DataTypes.TEXT,
        comment: "of an outgoing message: pending, sent, delivered, displayed, failed",
      },
      error: { type: json },
      nick: { type: DataTypes.TEXT },
      occupantId: { type: DataTypes.TEXT },
      realJid: { type: DataTypes.TEXT },
      edited: { type: instant },
      retracted: { type: instant },
      delayed: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      encrypted: { type: DataTypes.TEXT, comment: "namespace of the encryption, kept and not decrypted" },
      raw: { type: DataTypes.TEXT, comment: "the stanza as it came; scrubbed on retraction" },
      extra: { type: json, allowNull: false, defaultValue: "{}" },
      searchText: {
        type: DataTypes.TEXT,
        allowNull: false,
        defaultValue: "",
        comment: "what the full-text index holds",
      },
    },
    { sequelize, tableName: "message", modelName: "Message" },
  );

/** A body or subject in one language (RFC 6121 §5.2.3, §5.2.4). */
export class MessageTextModel extends Model {
  declare messageId: number;
  declare kind: "body" | "subject";
  declare lang: string;
  declare text: string;
}

export const initMessageText = (sequelize: Sequelize) =>
  class extends MessageTextModel {}.init(
    {
      messageId: { type: DataTypes.INTEGER, primaryKey: true },
      kind: { type: DataTypes.TEXT, primaryKey: true },
      lang: { type: DataTypes.TEXT, primaryKey: true, comment: "empty where none is stated" },
      text: { type: DataTypes.TEXT, allowNull: false },
    },
    { sequelize, tableName: "message_text", modelName: "MessageText" },
  );

/** What one sender's reactions to one message are now (XEP-0444): the ledger. */
export class ReactionModel extends Model {
  declare accountId: number;
  declare conversation: string;
  declare target: string;
  declare sender: string;
  declare emojis: string;
  declare timestamp: number;
  declare stanzaWireId: string | null;
  declare previousEmojis: string | null;
}

export const initReaction = (sequelize: Sequelize) =>
  class extends ReactionModel {}.init(
    {
      accountId: { type: DataTypes.INTEGER, primaryKey: true },
      conversation: { type: DataTypes.TEXT, primaryKey: true },
      target: {
        type: DataTypes.TEXT,
        primaryKey: true,
        comment: "wire id of the message, which may not be stored yet",
      },
      sender: { type: DataTypes.TEXT, primaryKey: true },
      emojis: { type: json, allowNull: false, comment: "the full set; an empty one stays as a tombstone" },
      timestamp: { type: instant, allowNull: false },
      stanzaWireId: { type: DataTypes.TEXT, comment: "of our own stanza, by which a refusal names it" },
      previousEmojis: {
        type: json,
        comment: "our set before the one that may still be refused (XEP-0444 §3.3)",
      },
    },
    { sequelize, tableName: "reaction", modelName: "Reaction" },
  );

/** Sends that named a `requestId`, so that a repeated call sends once. */
export class SendRequestModel extends Model {
  declare accountId: number;
  declare requestId: string;
  declare result: string;
  declare createdAt: number;
}

export const initSendRequest = (sequelize: Sequelize) =>
  class extends SendRequestModel {}.init(
    {
      accountId: { type: DataTypes.INTEGER, primaryKey: true },
      requestId: { type: DataTypes.TEXT, primaryKey: true },
      result: {
        type: DataTypes.TEXT,
        allowNull: false,
        comment: "what the first call made: a uid or an item id",
      },
      createdAt: { type: instant, allowNull: false },
    },
    { sequelize, tableName: "send_request", modelName: "SendRequest" },
  );
