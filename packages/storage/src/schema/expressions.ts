import type { DefaultValue } from "./description.js";

const CAST = /::(?:text|character varying|smallint|integer|bigint|boolean|jsonb?)(?:\[\])?/gi;
const LITERAL = /'(?:[^']|'')*'/g;

/** Applies `change` to the parts of a text of SQL that are not string literals. */
function outsideLiterals(text: string, change: (part: string) => string): string {
  const literals = text.match(LITERAL) ?? [];
  return text
    .split(LITERAL)
    .map((part, index) => change(part) + (literals[index] ?? ""))
    .join("");
}

/**
 * An expression as both engines would give it back: PostgreSQL adds casts and parentheses, and each quotes names in
 * its own way. Two texts that come out equal mean the same in the simple conditions that indexes have.
 */
export function normalExpression(text: string): string {
  return outsideLiterals(text, (part) =>
    part
      .replaceAll(CAST, "")
      .replaceAll(/["`[\]()]/g, " ")
      .replaceAll("!=", "<>")
      .replaceAll(/\s*(<>|<=|>=|=|<|>|,)\s*/g, "$1")
      .toLowerCase(),
  )
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** The value that a default's expression stands for; the expression itself where it is no plain literal. */
export function defaultValue(expression: string | null, flag: boolean): DefaultValue | undefined {
  if (expression === null) return undefined;
  const number = /^'(-\d+(?:\.\d+)?)'::(?:smallint|integer|bigint|numeric|double precision)$/.exec(
    expression,
  )?.[1];
  if (number !== undefined) return Number(number); // PostgreSQL quotes numbers below zero
  const text = expression.replace(/::[a-z ]+(?:\(\d+\))?(?: COLLATE "[^"]+")?$/i, "").trim();
  if (/^null$/i.test(text)) return undefined;
  if (/^'(?:[^']|'')*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (flag && /^(?:1|true)$/i.test(text)) return true;
  if (flag && /^(?:0|false)$/i.test(text)) return false;
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  return text;
}
