import type { Sequelize } from "sequelize";
import { UnsupportedDatabaseError } from "../errors.js";
import { defineModels } from "../models/index.js";
import type { ColumnDescription, ColumnType, TableDescription } from "../schema/description.js";
import { readModels } from "../schema/model-reader.js";
import { readSchema } from "../schema/read-schema.js";
import type { Executor } from "../sql.js";
import type { ValueKind } from "./format.js";

export interface PortableColumn {
  readonly name: string;
  readonly kind: ValueKind;
  readonly nullable: boolean;
  /** The database keeps it as JSON that searches look into, in an order of its own. */
  readonly queried: boolean;
}

export interface PortableTable {
  readonly name: string;
  readonly columns: readonly PortableColumn[];
  readonly primaryKey: readonly string[];
  /** The column that the database numbers. */
  readonly numbered?: string;
}

const KINDS: Readonly<Record<Extract<ColumnType, string>, ValueKind>> = {
  id: "number",
  key: "number",
  text: "text",
  instant: "number",
  flag: "flag",
  count: "number",
  bigint: "number",
  json: "json",
  "queried-json": "json",
};

/** Databases have one type for text and for JSON kept as text; the model, where it has the column, knows which it is. */
function columnOf(
  table: string,
  found: ColumnDescription,
  modelled: ColumnDescription | undefined,
): PortableColumn {
  const { name, nullable } = found;
  const type =
    found.type === "text" && (modelled?.type === "json" || modelled?.type === "queried-json")
      ? modelled.type
      : found.type;
  if (typeof type !== "string")
    throw new UnsupportedDatabaseError(`cannot export ${table}.${name}, which is of the type ${type.sql}`);
  return { name, nullable, kind: KINDS[type], queried: type === "queried-json" };
}

/** Tables after those that they refer to, else by name. */
function inOrder(tables: readonly TableDescription[]): TableDescription[] {
  const left = [...tables].sort((one, other) => (one.name < other.name ? -1 : 1));
  const done = new Map<string, TableDescription>();
  while (left.length > 0) {
    const at = left.findIndex(({ name, foreignKeys }) =>
      foreignKeys.every((key) => done.has(key.table) || key.table === name),
    );
    const [next] = left.splice(Math.max(at, 0), 1);
    if (next) done.set(next.name, next);
  }
  return [...done.values()];
}

/**
 * The tables of Larder in an open database, at whatever step of its schema; those of other programs beside them are
 * left alone. Larder's are those that a model has.
 */
export async function portableTables(
  executor: Executor,
  sequelize: Sequelize,
): Promise<readonly PortableTable[]> {
  const models = readModels(Object.values(defineModels(sequelize)));
  const found = await readSchema(executor);
  const ours = [...found.values()].filter(({ name }) => models.has(name));
  return inOrder(ours).map((table) => {
    const modelled = models.get(table.name);
    const numbered = table.columns.find(({ type }) => type === "id")?.name;
    // A database has its columns in the order in which they were added, which differs between the engines.
    const placeOf = ({ name }: ColumnDescription) =>
      table.primaryKey.includes(name) ? `0 ${table.primaryKey.indexOf(name)}` : `1 ${name}`;
    const columns = [...table.columns].sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
    return {
      name: table.name,
      primaryKey: table.primaryKey,
      columns: columns.map((column) =>
        columnOf(
          table.name,
          column,
          modelled?.columns.find(({ name }) => name === column.name),
        ),
      ),
      ...(numbered !== undefined && { numbered }),
    };
  });
}
