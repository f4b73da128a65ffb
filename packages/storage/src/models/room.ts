import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** A chat room (XEP-0045) that an account is in, was in, or has a bookmark of (XEP-0402). Its password is no part of it. */
export class RoomModel extends Model {
  declare accountId: number;
  declare jid: string;
  declare nick: string | null;
  declare name: string | null;
  declare autojoin: boolean;
  declare joined: boolean;
  declare bookmarked: boolean;
  declare extensions: string | null;
  declare subject: string | null;
  declare occupantIds: boolean;
  declare lastError: string | null;
  declare updatedAt: number;
  declare state: string | null;
  declare removal: string | null;
}

export function initRoom(sequelize: Sequelize): ModelStatic<RoomModel> {
  const c = columnsFor(sequelize);
  return class extends RoomModel {}.init(
    {
      accountId: c.key("account", { primaryKey: true }),
      jid: c.text({ primaryKey: true, comment: "bare JID of the room" }),
      nick: c.text({ comment: "what we are called there; null where the bookmark says nothing" }),
      name: c.text({ comment: "the bookmark's, else the room's own" }),
      autojoin: c.flag({ defaultValue: false, comment: "join at the start of each session (XEP-0402 §3.2)" }),
      joined: c.flag({
        defaultValue: false,
        comment: "we want to be in it now: join again after a lost session",
      }),
      bookmarked: c.flag({ defaultValue: false, comment: "there is a bookmark on the server" }),
      extensions: c.text({
        comment: "XML of the bookmark that we do not know and must keep (XEP-0402 §3.4)",
      }),
      subject: c.text({ comment: "the last one that the room told" }),
      occupantIds: c.flag({
        defaultValue: false,
        comment: "the room announces occupant ids (XEP-0421): without that they are not believed",
      }),
      lastError: c.json({ comment: "why we could not join, or had to leave" }),
      updatedAt: c.instant({ allowNull: false, comment: "when any of this last changed" }),
      state: c.text({ comment: "what was told last: joined, joining, left or removed" }),
      removal: c.json({ comment: "why we are not in it any more, by the room's doing" }),
    },
    {
      sequelize,
      tableName: "room",
      modelName: "Room",
      indexes: [index("room_joined", ["account_id"], { where: "joined" })],
    },
  );
}
