import type { ColumnDescription, IndexDescription, TableDescription } from "./description.js";
import { inverse, neutralValue, type Operation } from "./operations.js";

/** A value as TypeScript: JSON with bare keys. */
function source(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(source).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    return `{ ${entries.map(([key, entry]) => `${key}: ${source(entry)}`).join(", ")} }`;
  }
  return JSON.stringify(value);
}

const call = (name: string, ...values: unknown[]) =>
  `${name}(${values
    .filter((value, place) => value !== undefined || values.slice(place).some((later) => later !== undefined))
    .map((value) => (value === undefined ? "undefined" : source(value)))
    .join(", ")})`;

const columnSource = ({ name, type, nullable, default: value }: ColumnDescription) =>
  call(nullable ? "optional" : "required", name, type, value);

const indexSource = ({ name, parts, unique, where }: IndexDescription) =>
  call(unique ? "uniqueIndex" : "index", name, parts, where);

function tableSource({ name, columns, indexes, ...rules }: TableDescription): string {
  const columnLines = columns.map((column) => `      ${columnSource(column)},`);
  const indexLines = indexes.map((index) => `        ${indexSource(index)},`);
  return [
    `table(${source(name)}, [`,
    ...columnLines,
    "    ], {",
    `      primaryKey: ${source(rules.primaryKey)},`,
    ...(rules.unique.length > 0 ? [`      unique: ${source(rules.unique)},`] : []),
    ...(rules.foreignKeys.length > 0 ? [`      foreignKeys: ${source(rules.foreignKeys)},`] : []),
    ...(indexes.length > 0 ? ["      indexes: [", ...indexLines, "      ],"] : []),
    "    })",
  ].join("\n");
}

/** `{ references, fill }` where there is any of it. */
function options(column: ColumnDescription, from?: ColumnDescription, key?: { columns: unknown }): string {
  const { columns: _, ...references } = key ?? { columns: [] };
  const fill = from === undefined || from.nullable ? neutralValue(column) : undefined;
  const entries = { ...(key && { references }), ...(fill !== undefined && { fill }) };
  return Object.keys(entries).length > 0 ? `, ${source(entries)}` : "";
}

function operationSource(operation: Operation): string {
  const on = `schema.${operation.do}(${source(typeof operation.table === "string" ? operation.table : operation.table.name)}`;
  switch (operation.do) {
    case "createTable":
      return `schema.createTable(${tableSource(operation.table)})`;
    case "dropTable":
      return `${on})`;
    case "addColumn": {
      const { column, references } = operation;
      return `${on}, ${columnSource(column)}${options(column, undefined, references)})`;
    }
    case "dropColumn":
      return `${on}, ${source(operation.column.name)})`;
    case "changeColumn":
      return `${on}, ${columnSource(operation.to)}${options(operation.to, operation.from)})`;
    case "changePrimaryKey":
      return `${on}, ${source(operation.to)})`;
    case "addUnique":
    case "dropUnique":
      return `${on}, ${source(operation.columns)})`;
    case "addForeignKey":
      return `${on}, ${source(operation.key)})`;
    case "dropForeignKey":
      return `${on}, ${source(operation.key.columns)})`;
    case "addIndex":
      return `${on}, ${indexSource(operation.index)})`;
    case "dropIndex":
      return `schema.dropIndex(${source(operation.index.name)})`;
  }
}

/** What data is gone after the operation, in words; undefined where none is. */
function lost(operation: Operation): string | undefined {
  if (operation.do === "dropTable") return `the table ${operation.table.name}`;
  if (operation.do === "dropColumn") return `${operation.table}.${operation.column.name}`;
  return undefined;
}

function method(name: "up" | "down", operations: readonly Operation[]): string[] {
  const gone = operations.flatMap((operation) => lost(operation) ?? []);
  const note = gone.length > 0 ? [`  /** Loses what stands in ${gone.join(", ")}. */`] : [];
  if (operations.length === 0) return [`  async ${name}() {},`];
  return [
    ...note,
    `  async ${name}({ schema }) {`,
    ...operations.map((operation) => `    await ${operationSource(operation)};`),
    "  },",
  ];
}

const HELPERS = ["index", "optional", "refers", "required", "table", "uniqueIndex"];

/**
 * The text of a migration's file.
 *
 * @param options.variable what it exports
 */
export function migrationSource(options: {
  name: string;
  variable: string;
  operations: readonly Operation[];
}): string {
  const { name, variable, operations } = options;
  const body = [
    `export const ${variable}: Migration = {`,
    `  name: ${source(name)},`,
    "  revision: 1,",
    ...method("up", operations),
    ...method("down", operations.toReversed().map(inverse)),
    "};",
    "",
  ].join("\n");
  const used = HELPERS.filter((helper) => new RegExp(`\\b${helper}\\(`).test(body));
  return [
    "/** What this step is for: to be said here. */",
    ...(used.length > 0 ? [`import { ${used.join(", ")} } from "./columns.js";`] : []),
    'import type { Migration } from "./migration.js";',
    "",
    body,
  ].join("\n");
}
