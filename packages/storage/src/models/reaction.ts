import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** One change of one sender's reactions to one message (XEP-0444): a row of the ledger. */
export class ReactionChangeModel extends Model {
  declare id: number;
  declare accountId: number;
  declare conversation: string;
  declare target: string;
  declare groupchat: boolean;
  declare messageId: number | null;
  declare sender: string;
  declare own: boolean;
  declare realJid: string | null;
  declare nick: string | null;
  declare emojis: string;
  declare since: string;
  declare timestamp: number;
  declare position: number;
  declare placed: boolean;
  declare stands: boolean;
  declare stanzaId: string | null;
  declare wireId: string | null;
  declare presentSince: number | null;
  declare state: string | null;
  declare waitingSince: number | null;
}

export function initReactionChange(sequelize: Sequelize): ModelStatic<ReactionChangeModel> {
  const c = columnsFor(sequelize);
  return class extends ReactionChangeModel {}.init(
    {
      id: c.id(),
      accountId: c.key("account", { allowNull: false }),
      conversation: c.text({ allowNull: false, comment: "as in the message" }),
      target: c.text({
        allowNull: false,
        comment: "id by which the stanza names the message (XEP-0444 §4.2)",
      }),
      groupchat: c.flag({ defaultValue: false, comment: "the id is one that the room gave" }),
      messageId: c.key("message", {
        onDelete: "SET NULL",
        comment: "the message; null while none is known by the id: the change waits for it",
      }),
      sender: c.text({
        allowNull: false,
        comment: "bare JID; in rooms the occupant-id, else the real bare JID, else room/nick",
      }),
      own: c.flag({ defaultValue: false, comment: "it is the account's own" }),
      realJid: c.text({ comment: "bare JID of an occupant, where the room shows it" }),
      nick: c.text({ comment: "what the occupant was called" }),
      emojis: c.json({ allowNull: false, comment: "the full set from here on; an empty one is a tombstone" }),
      since: c.json({
        allowNull: false,
        defaultValue: "[]",
        comment: "for each emoji, the position since which it has been held without a break",
      }),
      timestamp: c.instant({ allowNull: false, comment: "the archive's or delay's time, else the arrival" }),
      position: c.bigint({
        allowNull: false,
        comment: "order of changes, in microseconds: the archive's where it is known",
      }),
      placed: c.flag({ defaultValue: false, comment: "an archive has given the position" }),
      stands: c.flag({ defaultValue: false, comment: "the sender's last change that was not refused" }),
      stanzaId: c.text({ comment: "of the archive (XEP-0359)" }),
      wireId: c.text({ comment: "the stanza's id, by which a refusal names it" }),
      presentSince: c.instant({
        comment: "while it waits: since when a nick that alone says who it was has been in the room",
      }),
      state: c.text({ comment: "of our own: pending, sent or refused (XEP-0444 §3.3)" }),
      waitingSince: c.instant({ comment: "since when it has waited for its message" }),
    },
    {
      sequelize,
      tableName: "reaction_change",
      modelName: "ReactionChange",
      indexes: [
        index("reaction_change_by_message", ["message_id", "sender", "position"]),
        index("reaction_change_standing", ["message_id"], { where: "stands" }),
        index("reaction_change_waiting", ["account_id", "conversation", "target", "sender", "position"], {
          where: "message_id IS NULL",
        }),
        index("reaction_change_waiting_of_sender", ["account_id", "conversation", "sender", "id"], {
          where: "message_id IS NULL",
        }),
        index("reaction_change_by_stanza_id", ["account_id", "stanza_id"], {
          where: "stanza_id IS NOT NULL",
        }),
        index("reaction_change_by_wire_id", ["account_id", "wire_id"], {
          where: "own AND wire_id IS NOT NULL",
        }),
        index("reaction_change_pending", ["account_id"], { where: "state = 'pending'" }),
        index("reaction_change_by_position", ["account_id", "position"]),
      ],
    },
  );
}
