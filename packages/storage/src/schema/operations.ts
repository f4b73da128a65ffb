import type {
  ColumnDescription,
  DefaultValue,
  ForeignKeyDescription,
  IndexDescription,
  TableDescription,
} from "./description.js";
import type { Change } from "./differences.js";
import { sameNames } from "./editor.js";

/** One call of a schema editor, with all that is needed to undo it. */
export type Operation =
  | { readonly do: "createTable" | "dropTable"; readonly table: TableDescription }
  | {
      readonly do: "addColumn" | "dropColumn";
      readonly table: string;
      readonly column: ColumnDescription;
      readonly references?: ForeignKeyDescription;
    }
  | {
      readonly do: "changeColumn";
      readonly table: string;
      readonly from: ColumnDescription;
      readonly to: ColumnDescription;
    }
  | {
      readonly do: "changePrimaryKey";
      readonly table: string;
      readonly from: readonly string[];
      readonly to: readonly string[];
    }
  | { readonly do: "addUnique" | "dropUnique"; readonly table: string; readonly columns: readonly string[] }
  | {
      readonly do: "addForeignKey" | "dropForeignKey";
      readonly table: string;
      readonly key: ForeignKeyDescription;
    }
  | { readonly do: "addIndex" | "dropIndex"; readonly table: string; readonly index: IndexDescription };

/** Rules go before what they are about, and come after it. */
const ORDER: readonly Operation["do"][] = [
  "dropForeignKey",
  "dropIndex",
  "dropUnique",
  "createTable",
  "addColumn",
  "changeColumn",
  "changePrimaryKey",
  "dropColumn",
  "addUnique",
  "addIndex",
  "addForeignKey",
  "dropTable",
];

function operationFor(change: Change): Operation {
  switch (change.kind) {
    case "missing table":
      return { do: "createTable", table: change.table };
    case "extra table":
      return { do: "dropTable", table: change.table };
    case "missing column":
      return { do: "addColumn", table: change.table, column: change.column };
    case "extra column":
      return { do: "dropColumn", table: change.table, column: change.column };
    case "changed column":
      return { do: "changeColumn", table: change.table, from: change.found, to: change.wanted };
    case "changed primary key":
      return { do: "changePrimaryKey", table: change.table, from: change.found, to: change.wanted };
    case "missing unique rule":
      return { do: "addUnique", table: change.table, columns: change.columns };
    case "extra unique rule":
      return { do: "dropUnique", table: change.table, columns: change.columns };
    case "missing foreign key":
      return { do: "addForeignKey", table: change.table, key: change.key };
    case "extra foreign key":
      return { do: "dropForeignKey", table: change.table, key: change.key };
    case "missing index":
      return { do: "addIndex", table: change.table, index: change.index };
    case "extra index":
      return { do: "dropIndex", table: change.table, index: change.index };
  }
}

/** A column comes and goes together with the foreign key that is its own. */
function withOwnKeys(operations: readonly Operation[]): Operation[] {
  const taken = new Set<Operation>();
  const merged = operations.map((operation): Operation => {
    if (operation.do !== "addColumn" && operation.do !== "dropColumn") return operation;
    const wanted = operation.do === "addColumn" ? "addForeignKey" : "dropForeignKey";
    const own = operations.find(
      (other) =>
        other.do === wanted &&
        other.table === operation.table &&
        sameNames(other.key.columns, [operation.column.name]),
    );
    if (!own || !("key" in own)) return operation;
    taken.add(own);
    return { ...operation, references: own.key };
  });
  return merged.filter((_, place) => !taken.has(operations[place] as Operation));
}

/** Tables after those that they refer to. */
function tablesInOrder(tables: readonly TableDescription[]): TableDescription[] {
  const names = new Set(tables.map(({ name }) => name));
  const done: TableDescription[] = [];
  const isReady = (table: TableDescription) =>
    table.foreignKeys.every(
      (key) =>
        key.table === table.name || !names.has(key.table) || done.some(({ name }) => name === key.table),
    );
  while (done.length < tables.length) {
    const left = tables.filter((table) => !done.includes(table));
    const next = left.find(isReady);
    if (!next) {
      throw new Error(
        `the tables ${left.map(({ name }) => name).join(", ")} refer to each other in a circle: write this migration by hand`,
      );
    }
    done.push(next);
  }
  return done;
}

/** What makes the database as the models want it, in an order in which it can be done. */
export function operationsFor(changes: readonly Change[]): Operation[] {
  const operations = withOwnKeys(changes.map(operationFor));
  const place = (operation: Operation) => ORDER.indexOf(operation.do);
  const sorted = operations.toSorted((a, b) => place(a) - place(b));
  const tables = (kind: "createTable" | "dropTable") =>
    sorted.flatMap((operation) => (operation.do === kind ? [operation.table] : []));
  const created = tablesInOrder(tables("createTable"));
  const dropped = tablesInOrder(tables("dropTable")).toReversed();
  return sorted.map((operation): Operation => {
    if (operation.do === "createTable")
      return { do: operation.do, table: created.shift() ?? operation.table };
    if (operation.do === "dropTable") return { do: operation.do, table: dropped.shift() ?? operation.table };
    return operation;
  });
}

/** What undoes one operation. */
export function inverse(operation: Operation): Operation {
  switch (operation.do) {
    case "createTable":
      return { ...operation, do: "dropTable" };
    case "dropTable":
      return { ...operation, do: "createTable" };
    case "addColumn":
      return { ...operation, do: "dropColumn" };
    case "dropColumn":
      return { ...operation, do: "addColumn" };
    case "changeColumn":
    case "changePrimaryKey":
      return { ...operation, from: operation.to, to: operation.from } as Operation;
    case "addUnique":
      return { ...operation, do: "dropUnique" };
    case "dropUnique":
      return { ...operation, do: "addUnique" };
    case "addForeignKey":
      return { ...operation, do: "dropForeignKey" };
    case "dropForeignKey":
      return { ...operation, do: "addForeignKey" };
    case "addIndex":
      return { ...operation, do: "dropIndex" };
    case "dropIndex":
      return { ...operation, do: "addIndex" };
  }
}

/** What stands in rows that have no value, where one is needed and the column names none; undefined where nothing fits. */
export function neutralValue(column: ColumnDescription): DefaultValue | undefined {
  if (column.nullable || column.default !== undefined) return undefined;
  switch (column.type) {
    case "text":
      return "";
    case "json":
    case "queried-json":
      return "null";
    case "flag":
      return false;
    case "count":
    case "bigint":
    case "instant":
      return 0;
    default:
      return undefined;
  }
}
