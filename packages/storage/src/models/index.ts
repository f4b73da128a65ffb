import type { Sequelize } from "sequelize";
import { initAccount, initRosterContact } from "./account.js";
import { initArchiveCursor, initArchiveGap } from "./archive.js";
import { initConversation, initThread } from "./conversation.js";
import { initEvent, initSetting } from "./log.js";
import { initMessage, initMessageText, initSendRequest } from "./message.js";
import {
  initMessageAlias,
  initMessageConfirmation,
  initMessageRemoval,
  initMessageVersion,
} from "./message-history.js";
import { initPubsubItem, initPubsubNode, initPubsubSubscription } from "./pubsub.js";
import { initPubsubAttachment, initPubsubItemVersion, initPubsubNodeReader } from "./pubsub-history.js";
import { initReactionChange } from "./reaction.js";
import { initRoom } from "./room.js";

export { AccountModel, RosterContactModel } from "./account.js";
export { ArchiveCursorModel, ArchiveGapModel } from "./archive.js";
export { type Column, columnsFor, index } from "./columns.js";
export { ConversationModel, ThreadModel } from "./conversation.js";
export { EventModel, SettingModel } from "./log.js";
export { MessageModel, MessageTextModel, SendRequestModel } from "./message.js";
export {
  MessageAliasModel,
  MessageConfirmationModel,
  MessageRemovalModel,
  MessageVersionModel,
} from "./message-history.js";
export { PubsubItemModel, PubsubNodeModel, PubsubSubscriptionModel } from "./pubsub.js";
export { PubsubAttachmentModel, PubsubItemVersionModel, PubsubNodeReaderModel } from "./pubsub-history.js";
export { ReactionChangeModel } from "./reaction.js";
export { RoomModel } from "./room.js";

/**
 * The mapped classes of one database. Each database gets classes of its own, so that several can be
 * open in one process. They never create tables: migrations are the schema.
 */
export function defineModels(sequelize: Sequelize) {
  return {
    Account: initAccount(sequelize),
    RosterContact: initRosterContact(sequelize),
    Conversation: initConversation(sequelize),
    Thread: initThread(sequelize),
    Message: initMessage(sequelize),
    MessageText: initMessageText(sequelize),
    MessageAlias: initMessageAlias(sequelize),
    MessageVersion: initMessageVersion(sequelize),
    MessageRemoval: initMessageRemoval(sequelize),
    MessageConfirmation: initMessageConfirmation(sequelize),
    ReactionChange: initReactionChange(sequelize),
    SendRequest: initSendRequest(sequelize),
    ArchiveCursor: initArchiveCursor(sequelize),
    ArchiveGap: initArchiveGap(sequelize),
    Room: initRoom(sequelize),
    PubsubNode: initPubsubNode(sequelize),
    PubsubNodeReader: initPubsubNodeReader(sequelize),
    PubsubItem: initPubsubItem(sequelize),
    PubsubItemVersion: initPubsubItemVersion(sequelize),
    PubsubAttachment: initPubsubAttachment(sequelize),
    PubsubSubscription: initPubsubSubscription(sequelize),
    Event: initEvent(sequelize),
    Setting: initSetting(sequelize),
  };
}

/** The mapped classes, by name. */
export type Models = ReturnType<typeof defineModels>;
