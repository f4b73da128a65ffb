import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** What an account has with one other party or room, and how far it is read. */
export class ConversationModel extends Model {
  declare id: number;
  declare accountId: number;
  declare jid: string;
  declare type: string;
  declare name: string | null;
  declare lastMessageId: number | null;
  declare lastTimestamp: number | null;
  declare unread: number;
  declare displayedMessageId: number | null;
  declare displayedTimestamp: number | null;
  declare displayedPosition: number | null;
  declare displayedStanzaId: string | null;
  declare displayedStanzaIdBy: string | null;
}

export function initConversation(sequelize: Sequelize): ModelStatic<ConversationModel> {
  const c = columnsFor(sequelize);
  return class extends ConversationModel {}.init(
    {
      id: c.id(),
      accountId: c.key("account", { allowNull: false }),
      jid: c.text({ allowNull: false, comment: "as `conversation` of its messages" }),
      type: c.text({ allowNull: false, comment: "of its messages: chat or groupchat" }),
      name: c.text({ comment: "where it has one of its own: a room's, a gateway's" }),
      lastMessageId: c.key("message", { onDelete: "SET NULL", comment: "the newest, to show in a list" }),
      lastTimestamp: c.instant({ comment: "time of the newest message: the order of the list" }),
      unread: c.count({
        allowNull: false,
        defaultValue: 0,
        comment: "incoming messages after the one that is displayed, kept so that nobody has to count",
      }),
      displayedMessageId: c.key("message", {
        onDelete: "SET NULL",
        comment: "the newest that the user has seen on any device",
      }),
      displayedTimestamp: c.instant({ comment: "its time: a mark never goes back" }),
      displayedPosition: c.bigint({
        comment: "its place in the order of history: what stands after it is unread",
      }),
      displayedStanzaId: c.text({
        comment: "what our other devices say is displayed (XEP-0490); its message may not be stored yet",
      }),
      displayedStanzaIdBy: c.text({ comment: "who gave `displayed_stanza_id`" }),
    },
    {
      sequelize,
      tableName: "conversation",
      modelName: "Conversation",
      indexes: [
        index("conversation_by_jid", ["account_id", "jid"], { unique: true }),
        index("conversation_by_time", ["last_timestamp", "id"]),
        index("conversation_of_account_by_time", ["account_id", "last_timestamp", "id"]),
        // A message that is removed looks for those who point at it.
        index("conversation_by_last_message", ["last_message_id"]),
        index("conversation_by_displayed_message", ["displayed_message_id"]),
      ],
    },
  );
}

/** A thread of a conversation (RFC 6121 §5.2.5, XEP-0201). */
export class ThreadModel extends Model {
  declare id: number;
  declare accountId: number;
  declare conversation: string;
  declare thread: string;
  declare parent: string | null;
  declare createdAt: number;
  declare updatedAt: number;
}

export function initThread(sequelize: Sequelize): ModelStatic<ThreadModel> {
  const c = columnsFor(sequelize);
  return class extends ThreadModel {}.init(
    {
      id: c.id(),
      accountId: c.key("account", { allowNull: false }),
      conversation: c.text({ allowNull: false, comment: "as in its messages" }),
      thread: c.text({
        allowNull: false,
        comment: "the id on the wire; it means something only in its conversation",
      }),
      parent: c.text({ comment: "the thread that it was started from" }),
      createdAt: c.instant({ allowNull: false, comment: "time of its first message" }),
      updatedAt: c.instant({ allowNull: false, comment: "time of its newest message" }),
    },
    {
      sequelize,
      tableName: "thread",
      modelName: "Thread",
      indexes: [
        index("thread_by_name", ["account_id", "conversation", "thread"], { unique: true }),
        index("thread_by_time", ["account_id", "conversation", "updated_at"]),
      ],
    },
  );
}
