import { DataTypes, Model, type Sequelize } from "sequelize";
import { instant, json } from "./columns.js";

/** A row of the durable event log: what happened, by ids; content is read when it is delivered. */
export class EventModel extends Model {
  declare seq: number;
  declare signal: string;
  declare accountId: number | null;
  declare data: string;
  declare createdAt: number;
}

export const initEvent = (sequelize: Sequelize) =>
  class extends EventModel {}.init(
    {
      seq: {
        type: DataTypes.INTEGER,
        primaryKey: true,
        autoIncrement: true,
        comment: "order of commits; never used twice",
      },
      signal: { type: DataTypes.TEXT, allowNull: false },
      accountId: { type: DataTypes.INTEGER },
      data: { type: json, allowNull: false },
      createdAt: { type: instant, allowNull: false },
    },
    { sequelize, tableName: "event_log", modelName: "Event" },
  );

/** Small facts that the program keeps about itself. */
export class SettingModel extends Model {
  declare key: string;
  declare value: string;
}

export const initSetting = (sequelize: Sequelize) =>
  class extends SettingModel {}.init(
    {
      key: { type: DataTypes.TEXT, primaryKey: true },
      value: { type: DataTypes.TEXT, allowNull: false },
    },
    { sequelize, tableName: "setting", modelName: "Setting" },
  );
