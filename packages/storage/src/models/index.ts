import type { Sequelize } from "sequelize";
import { initAccount, initRosterContact } from "./account.js";
import { initEvent, initSetting } from "./log.js";
import { initMessage, initMessageText, initReaction, initSendRequest } from "./message.js";
import { initPubsubItem, initPubsubNode, initPubsubSubscription } from "./pubsub.js";

export { AccountModel, RosterContactModel } from "./account.js";
export { EventModel, SettingModel } from "./log.js";
export { MessageModel, MessageTextModel, ReactionModel, SendRequestModel } from "./message.js";
export { PubsubItemModel, PubsubNodeModel, PubsubSubscriptionModel } from "./pubsub.js";

/**
 * The mapped classes of one database. Each database gets classes of its own, so that several can be
 * open in one process. They never create tables: migrations are the schema.
 */
export function defineModels(sequelize: Sequelize) {
  return {
    Account: initAccount(sequelize),
    RosterContact: initRosterContact(sequelize),
    Message: initMessage(sequelize),
    MessageText: initMessageText(sequelize),
    Reaction: initReaction(sequelize),
    SendRequest: initSendRequest(sequelize),
    PubsubNode: initPubsubNode(sequelize),
    PubsubItem: initPubsubItem(sequelize),
    PubsubSubscription: initPubsubSubscription(sequelize),
    Event: initEvent(sequelize),
    Setting: initSetting(sequelize),
  };
}

/** The mapped classes, by name. */
export type Models = ReturnType<typeof defineModels>;
