import type {
  ColumnDescription,
  ColumnType,
  DefaultValue,
  ForeignKeyDescription,
  IndexDescription,
  IndexPart,
  OnDelete,
  TableDescription,
} from "../schema/description.js";

/** A column that holds nothing where nothing is said. */
export const optional = (name: string, type: ColumnType): ColumnDescription => ({
  name,
  type,
  nullable: true,
});

/** A column that always holds something. */
export const required = (name: string, type: ColumnType, value?: DefaultValue): ColumnDescription => ({
  name,
  type,
  nullable: false,
  ...(value !== undefined && { default: value }),
});

/** A reference to `id` of a table. */
export const refers = (
  column: string,
  table: string,
  onDelete: OnDelete = "CASCADE",
): ForeignKeyDescription => ({
  columns: [column],
  table,
  references: ["id"],
  onDelete,
});

export const index = (name: string, parts: readonly IndexPart[], where?: string): IndexDescription => ({
  name,
  parts,
  unique: false,
  ...(where !== undefined && { where }),
});

export const uniqueIndex = (name: string, parts: readonly IndexPart[], where?: string): IndexDescription => ({
  ...index(name, parts, where),
  unique: true,
});

/** A table; what is not named, it does not have. */
export const table = (
  name: string,
  columns: readonly ColumnDescription[],
  rules: Partial<Omit<TableDescription, "name" | "columns">>,
): TableDescription => ({
  name,
  columns,
  primaryKey: ["id"],
  unique: [],
  foreignKeys: [],
  indexes: [],
  ...rules,
});
