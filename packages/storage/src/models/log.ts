import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** A row of the durable event log: what happened, by ids; content is read when it is delivered. */
export class EventModel extends Model {
  declare seq: number;
  declare signal: string;
  declare accountId: number | null;
  declare data: string;
  declare createdAt: number;
}

export function initEvent(sequelize: Sequelize): ModelStatic<EventModel> {
  const c = columnsFor(sequelize);
  return class extends EventModel {}.init(
    {
      seq: c.id({ comment: "order of commits; never used twice" }),
      signal: c.text({ allowNull: false, comment: "name of the signal that tells it" }),
      accountId: c.looseKey({ comment: "whom it concerns; null where it is no account" }),
      data: c.json({ allowNull: false, comment: "ids and small facts" }),
      createdAt: c.instant({ allowNull: false, comment: "by which the log is pruned" }),
    },
    {
      sequelize,
      tableName: "event_log",
      modelName: "Event",
      indexes: [index("event_log_by_time", ["created_at"])],
    },
  );
}

/** Small facts that the program keeps about itself. */
export class SettingModel extends Model {
  declare key: string;
  declare value: string;
}

export function initSetting(sequelize: Sequelize): ModelStatic<SettingModel> {
  const c = columnsFor(sequelize);
  return class extends SettingModel {}.init(
    {
      key: c.text({ primaryKey: true, comment: "words with dots, the part of the program first" }),
      value: c.text({ allowNull: false, comment: "in the form of whoever wrote it" }),
    },
    { sequelize, tableName: "setting", modelName: "Setting" },
  );
}
