import type { ColumnType, EngineName } from "./description.js";
import { engineType } from "./types.js";

/** How values are written: columns of one kind are converted into each other by no more than a cast. */
type Kind = "number" | "text" | "flag" | "json" | "other";

function kindOf(engine: EngineName, type: ColumnType): Kind {
  const written = engineType(engine, type);
  if (/^TINYINT\(1\)|^BOOL/i.test(written)) return "flag";
  if (/INT/i.test(written)) return "number";
  if (/^(TEXT|VARCHAR|CHARACTER VARYING)/i.test(written)) return "text";
  return /^JSON/i.test(written) ? "json" : "other";
}

/**
 * The expression that turns a column's value into another type. Both engines give the same value; null where a
 * value has no counterpart, which is for the caller to refuse.
 *
 * @param column the column, quoted
 */
export function converted(engine: EngineName, column: string, from: ColumnType, to: ColumnType): string {
  const target = engineType(engine, to);
  if (engineType(engine, from) === target) return column;
  const cast = (expression: string) =>
    // CAST knows no collation; an assignment gives the column's own.
    `CAST(${expression} AS ${target.replace(/ COLLATE .*$/, "")})`;
  const [before, after] = [kindOf(engine, from), kindOf(engine, to)];
  if (before === "flag" && after === "text")
    return `CASE WHEN ${column} THEN 'true' WHEN NOT ${column} THEN 'false' END`;
  if (before === "flag" && after === "number")
    return `CASE WHEN ${column} THEN 1 WHEN NOT ${column} THEN 0 END`;
  if (before === "number" && after === "flag") {
    const [yes, no] = engine === "postgres" ? ["TRUE", "FALSE"] : ["1", "0"];
    return `CASE ${column} WHEN 1 THEN ${yes} WHEN 0 THEN ${no} END`;
  }
  if (before === "text" && after === "flag") {
    const [yes, no] = engine === "postgres" ? ["TRUE", "FALSE"] : ["1", "0"];
    return `CASE ${column} WHEN 'true' THEN ${yes} WHEN 'false' THEN ${no} END`;
  }
  if (before === "text" && after === "number") {
    return engine === "postgres"
      ? `CASE WHEN ${column} ~ '^(0|-?[1-9][0-9]{0,17})$' THEN ${cast(column)} END`
      : `CASE WHEN CAST(CAST(${column} AS INTEGER) AS TEXT) = ${column} THEN ${cast(column)} END`;
  }
  return cast(column);
}
