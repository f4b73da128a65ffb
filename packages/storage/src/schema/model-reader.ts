import type { IndexesOptions, ModelAttributeColumnOptions, ModelStatic } from "sequelize";
import { type Column, engineOf } from "../models/columns.js";
import type {
  ColumnDescription,
  ColumnType,
  DefaultValue,
  EngineName,
  ForeignKeyDescription,
  IndexDescription,
  IndexPart,
  OnDelete,
  SchemaDescription,
  TableDescription,
} from "./description.js";
import { logicalType } from "./types.js";

type Attribute = ModelAttributeColumnOptions & Partial<Column>;
type AnyModel = ModelStatic<never>;

const fieldOf = (name: string, attribute: Attribute): string => attribute.field ?? name;

/** The text of `literal(…)`. */
const literalText = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "val" in value ? String(value.val) : undefined;

function referenceOf({ references, onDelete }: Attribute, column: string): ForeignKeyDescription | undefined {
  if (references === undefined) return undefined;
  const { model, key } = typeof references === "string" ? { model: references, key: "id" } : references;
  const table = typeof model === "object" && "tableName" in model ? model.tableName : model;
  return {
    columns: [column],
    table: String(table),
    references: [key ?? "id"],
    onDelete: (onDelete?.toUpperCase() as OnDelete | undefined) ?? "NO ACTION",
  };
}

/** The type that the model names, or else the one that Sequelize's type stands for. */
function typeOf(engine: EngineName, attribute: Attribute): ColumnType {
  if (attribute.columnType !== undefined) return attribute.columnType;
  const { type } = attribute;
  const written = typeof type === "string" ? type : (type as { toSql(): string }).toSql();
  return logicalType(engine, engine === "postgres" && written === "TEXT" ? 'TEXT COLLATE "C"' : written, {
    identity: attribute.autoIncrement === true,
    foreignKey: attribute.references !== undefined,
  });
}

function columnOf(engine: EngineName, column: string, attribute: Attribute): ColumnDescription {
  const { defaultValue } = attribute;
  const isValue = ["string", "number", "boolean"].includes(typeof defaultValue);
  return {
    name: column,
    type: typeOf(engine, attribute),
    nullable: attribute.primaryKey !== true && attribute.allowNull !== false,
    ...(isValue && { default: defaultValue as DefaultValue }),
  };
}

function indexOf(index: IndexesOptions, columns: ReadonlyMap<string, string>): IndexDescription {
  const named = (name: string) => columns.get(name) ?? name;
  const parts = (index.fields ?? []).map((field): IndexPart => {
    if (typeof field === "string") return named(field);
    if ("name" in field) {
      return field.order === "DESC" ? { column: named(field.name), descending: true } : named(field.name);
    }
    return { expression: literalText(field) ?? "" };
  });
  const where = literalText(index.where);
  return {
    name: String(index.name),
    parts,
    unique: index.unique === true,
    ...(where !== undefined && { where }),
  };
}

function tableOf(engine: EngineName, model: AnyModel): TableDescription {
  const attributes = Object.entries(model.getAttributes() as Record<string, Attribute>);
  const columns = new Map(attributes.map(([name, attribute]) => [name, fieldOf(name, attribute)]));
  const of = (wanted: (attribute: Attribute) => boolean) =>
    attributes
      .filter(([, attribute]) => wanted(attribute))
      .map(([name, attribute]) => fieldOf(name, attribute));
  return {
    name: model.tableName,
    columns: attributes.map(([name, attribute]) => columnOf(engine, fieldOf(name, attribute), attribute)),
    primaryKey: of(({ primaryKey }) => primaryKey === true),
    unique: of(({ unique }) => unique === true).map((column) => [column]),
    foreignKeys: attributes.flatMap(
      ([name, attribute]) => referenceOf(attribute, fieldOf(name, attribute)) ?? [],
    ),
    indexes: (model.options.indexes ?? []).map((index) => indexOf(index, columns)),
  };
}

/** The schema that models describe, for the engine of their Sequelize. */
export function readModels(models: Iterable<unknown>): SchemaDescription {
  const tables = [...(models as Iterable<AnyModel>)].map((model) => {
    if (!model.sequelize) throw new Error(`the model ${model.name} belongs to no Sequelize`);
    return tableOf(engineOf(model.sequelize), model);
  });
  return new Map(tables.map((table) => [table.name, table]));
}
