import { DataTypes } from "sequelize";

/** Instants are milliseconds since 1970 UTC: the same integer in both engines, ordered as the instants are. */
export const instant = DataTypes.BIGINT;

/** JSON kept as text by SQLite; the repositories read and write it. */
export const json = DataTypes.TEXT;
