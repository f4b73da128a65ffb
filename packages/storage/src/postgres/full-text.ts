import type { FullTextQuery } from "../search/full-text-query.js";
import { join, type Sql, sql } from "../sql.js";

const lexeme = (word: string, prefix: boolean) =>
  `'${word.replaceAll("\\", "\\\\").replaceAll("'", "''")}'${prefix ? ":*" : ""}`;

/**
 * A query in PostgreSQL's language that finds everything meant, and more where there are phrases: those
 * are looked up as their words, because a tsvector keeps 255 places of a word at most.
 */
export function toTsquery(query: FullTextQuery): string {
  switch (query.kind) {
    case "phrase":
      return `(${query.words
        .map((word, index) => lexeme(word, query.prefix && index === query.words.length - 1))
        .join(" & ")})`;
    case "or":
      return `(${query.any.map(toTsquery).join(" | ")})`;
    case "and": {
      // To leave out what holds the words of a phrase would leave out too much.
      const without = query.not.filter((part) => !hasPhrase(part)).map((part) => `!${toTsquery(part)}`);
      return `(${[...query.all.map(toTsquery), ...without].join(" & ")})`;
    }
  }
}

function hasPhrase(query: FullTextQuery): boolean {
  switch (query.kind) {
    case "phrase":
      return query.words.length > 1;
    case "or":
      return query.any.some(hasPhrase);
    case "and":
      return [...query.all, ...query.not].some(hasPhrase);
  }
}

function exact(query: FullTextQuery, vector: Sql, text: Sql): Sql {
  switch (query.kind) {
    case "phrase":
      if (query.words.length === 1) return sql`${vector} @@ ${toTsquery(query)}::tsquery`;
      return sql`strpos(' ' || ${text} || ' ', ${` ${query.words.join(" ")}${query.prefix ? "" : " "}`}) > 0`;
    case "or":
      return sql`(${join(
        query.any.map((part) => exact(part, vector, text)),
        " OR ",
      )})`;
    case "and":
      return sql`(${join(
        [
          ...query.all.map((part) => exact(part, vector, text)),
          ...query.not.map((part) => sql`NOT ${exact(part, vector, text)}`),
        ],
        " AND ",
      )})`;
  }
}

/**
 * The whole query again, with its phrases looked up in the text itself, where the index keeps them with
 * one blank between the words.
 *
 * @returns undefined where {@link toTsquery} is exact already
 */
export function exactPhrases(query: FullTextQuery, vector: Sql, text: Sql): Sql | undefined {
  return hasPhrase(query) ? exact(query, vector, text) : undefined;
}
