import type {
  ColumnDescription,
  EngineName,
  ForeignKeyDescription,
  IndexDescription,
  IndexPart,
  SchemaDescription,
  TableDescription,
} from "./description.js";
import { sameNames } from "./editor.js";
import { normalExpression } from "./expressions.js";
import { engineType } from "./types.js";

/** What the database has otherwise than the models say. `wanted` is theirs, `found` the database's. */
export type Change =
  | { readonly kind: "missing table" | "extra table"; readonly table: TableDescription }
  | {
      readonly kind: "missing column" | "extra column";
      readonly table: string;
      readonly column: ColumnDescription;
    }
  | {
      readonly kind: "changed column";
      readonly table: string;
      readonly wanted: ColumnDescription;
      readonly found: ColumnDescription;
    }
  | {
      readonly kind: "changed primary key";
      readonly table: string;
      readonly wanted: readonly string[];
      readonly found: readonly string[];
    }
  | {
      readonly kind: "missing unique rule" | "extra unique rule";
      readonly table: string;
      readonly columns: readonly string[];
    }
  | {
      readonly kind: "missing foreign key" | "extra foreign key";
      readonly table: string;
      readonly key: ForeignKeyDescription;
    }
  | {
      readonly kind: "missing index" | "extra index";
      readonly table: string;
      readonly index: IndexDescription;
    };

/** A {@link Change} with one sentence for people. */
export type SchemaDifference = Change & { readonly sentence: string };

function sameColumn(engine: EngineName, one: ColumnDescription, other: ColumnDescription): boolean {
  return (
    engineType(engine, one.type) === engineType(engine, other.type) &&
    (one.type === "id") === (other.type === "id") &&
    one.nullable === other.nullable &&
    one.default === other.default
  );
}

const partText = (part: IndexPart): string => {
  if (typeof part === "string") return part;
  return "column" in part ? `${part.column} DESC` : `(${normalExpression(part.expression)})`;
};

const indexText = ({ name, parts, unique, where }: IndexDescription): string =>
  JSON.stringify([name, parts.map(partText), unique, where === undefined ? null : normalExpression(where)]);

const keyText = ({ columns, table, references, onDelete }: ForeignKeyDescription): string =>
  JSON.stringify([columns, table, references, onDelete]);

/** What is in `one` and has no equal in `other`. */
function only<T>(one: readonly T[], other: readonly T[], text: (entry: T) => string): T[] {
  const there = new Set(other.map(text));
  return one.filter((entry) => !there.has(text(entry)));
}

function tableDifferences(engine: EngineName, wanted: TableDescription, found: TableDescription): Change[] {
  const table = wanted.name;
  const differences: Change[] = [];
  const byName = ({ name }: { name: string }) => name;
  for (const column of only(wanted.columns, found.columns, byName))
    differences.push({ kind: "missing column", table, column });
  for (const column of only(found.columns, wanted.columns, byName))
    differences.push({ kind: "extra column", table, column });
  for (const column of wanted.columns) {
    const there = found.columns.find(({ name }) => name === column.name);
    if (there && !sameColumn(engine, column, there))
      differences.push({ kind: "changed column", table, wanted: column, found: there });
  }
  if (!sameNames(wanted.primaryKey, found.primaryKey)) {
    differences.push({
      kind: "changed primary key",
      table,
      wanted: wanted.primaryKey,
      found: found.primaryKey,
    });
  }
  const names = (columns: readonly string[]) => JSON.stringify(columns);
  for (const columns of only(wanted.unique, found.unique, names))
    differences.push({ kind: "missing unique rule", table, columns });
  for (const columns of only(found.unique, wanted.unique, names))
    differences.push({ kind: "extra unique rule", table, columns });
  for (const key of only(wanted.foreignKeys, found.foreignKeys, keyText))
    differences.push({ kind: "missing foreign key", table, key });
  for (const key of only(found.foreignKeys, wanted.foreignKeys, keyText))
    differences.push({ kind: "extra foreign key", table, key });
  for (const index of only(wanted.indexes, found.indexes, indexText))
    differences.push({ kind: "missing index", table, index });
  for (const index of only(found.indexes, wanted.indexes, indexText))
    differences.push({ kind: "extra index", table, index });
  return differences;
}

/** Compares two schemas of one engine; the order of columns is no difference. */
export function compareSchemas(
  engine: EngineName,
  wanted: SchemaDescription,
  found: SchemaDescription,
): SchemaDifference[] {
  const differences: Change[] = [];
  for (const [name, table] of wanted) {
    const there = found.get(name);
    if (there) differences.push(...tableDifferences(engine, table, there));
    else differences.push({ kind: "missing table", table });
  }
  for (const [name, table] of found) if (!wanted.has(name)) differences.push({ kind: "extra table", table });
  return differences.map((change) => ({ ...change, sentence: sentenceFor(engine, change) }));
}

function columnText(engine: EngineName, { type, nullable, default: value }: ColumnDescription): string {
  const rest = [
    nullable ? "may be null" : "is never null",
    ...(value !== undefined ? [`defaults to ${JSON.stringify(value)}`] : []),
  ];
  return `${type === "id" ? "numbered " : ""}${engineType(engine, type)}, ${rest.join(", ")}`;
}

const list = (columns: readonly string[]) => (columns.length > 0 ? columns.join(", ") : "nothing");

function sentenceFor(engine: EngineName, difference: Change): string {
  switch (difference.kind) {
    case "missing table":
      return `the table ${difference.table.name} is missing`;
    case "extra table":
      return `the table ${difference.table.name} is in the database and in no model`;
    case "missing column":
      return `${difference.table}.${difference.column.name} is missing (${columnText(engine, difference.column)})`;
    case "extra column":
      return `${difference.table}.${difference.column.name} is in the database and not in the model`;
    case "changed column": {
      const { table, wanted, found } = difference;
      return `${table}.${wanted.name} should be: ${columnText(engine, wanted)}; it is: ${columnText(engine, found)}`;
    }
    case "changed primary key":
      return `the primary key of ${difference.table} should be ${list(difference.wanted)}; it is ${list(difference.found)}`;
    case "missing unique rule":
      return `${difference.table} lets ${list(difference.columns)} repeat`;
    case "extra unique rule":
      return `${difference.table} does not let ${list(difference.columns)} repeat, and the model does`;
    case "missing foreign key":
      return `${difference.table}: ${list(difference.key.columns)} should refer to ${difference.key.table} (on delete ${difference.key.onDelete})`;
    case "extra foreign key":
      return `${difference.table}: ${list(difference.key.columns)} refers to ${difference.key.table} (on delete ${difference.key.onDelete}), which the model does not say`;
    case "missing index":
      return `the index ${difference.index.name} of ${difference.table} is missing or made otherwise`;
    case "extra index":
      return `the index ${difference.index.name} of ${difference.table} is in no model`;
  }
}
