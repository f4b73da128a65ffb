import {
  type AbstractDataTypeConstructor,
  DataTypes,
  type IndexesOptions,
  literal,
  type ModelAttributeColumnOptions,
  type Sequelize,
} from "sequelize";
import type { ColumnType, EngineName, OnDelete } from "../schema/description.js";

/** A column of a model, with the logical type that both engines' schemas come from. */
export type Column = ModelAttributeColumnOptions & { readonly columnType: ColumnType };

type Options = Partial<ModelAttributeColumnOptions>;

/** Which engine a Sequelize works with. */
export function engineOf(sequelize: Sequelize): EngineName {
  return sequelize.getDialect() === "postgres" ? "postgres" : "sqlite";
}

/**
 * Makes the columns of models, with the type that each engine has for them. Whether null is allowed follows
 * Sequelize: it is, unless `allowNull` is false.
 */
export function columnsFor(sequelize: Sequelize) {
  const number = engineOf(sequelize) === "postgres" ? DataTypes.BIGINT : DataTypes.INTEGER;
  const column =
    (columnType: ColumnType, type: AbstractDataTypeConstructor) =>
    (options: Options = {}): Column => ({ ...options, type, columnType });
  const key = column("key", number);
  return {
    /** A number that the database gives, never the same twice; the primary key. */
    id: (options: Options = {}) => ({
      ...column("id", number)(options),
      primaryKey: true,
      autoIncrement: true,
    }),
    /** The `id` of a row of another table; by default the row goes with it. */
    key: (table: string, options: Options & { onDelete?: OnDelete } = {}) =>
      key({ onDelete: "CASCADE", ...options, references: { model: table, key: "id" } }),
    /** The number of a row that may be gone: nothing holds it. */
    looseKey: key,
    text: column("text", DataTypes.TEXT),
    /** Milliseconds since 1970 UTC: the same integer in both engines, ordered as the instants are. */
    instant: column("instant", DataTypes.BIGINT),
    flag: (options: Options & { defaultValue: boolean }) =>
      column("flag", DataTypes.BOOLEAN)({ allowNull: false, ...options }),
    count: column("count", DataTypes.INTEGER),
    bigint: column("bigint", DataTypes.BIGINT),
    /** JSON kept as text; the repositories read and write it. */
    json: column("json", DataTypes.TEXT),
    /** JSON that searches look into: JSONB on PostgreSQL. Models, too, read and write its text. */
    queriedJson: column("queried-json", DataTypes.TEXT),
  };
}

/**
 * An index of a model.
 *
 * @param fields columns as the database names them
 * @param where condition of SQL that both engines read
 */
export function index(
  name: string,
  fields: readonly string[],
  { unique = false, where }: { unique?: boolean; where?: string } = {},
): IndexesOptions {
  return { name, fields: [...fields], unique, ...(where !== undefined && { where: literal(where) }) };
}
