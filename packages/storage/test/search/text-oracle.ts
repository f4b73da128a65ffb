import { wordsOf } from "@larder/storage";

/** A full-text query as a tree; {@link write} puts it into the language that users write. */
export type TextQuery =
  | { readonly kind: "term"; readonly text: string; readonly quoted: boolean; readonly prefix: boolean }
  | { readonly kind: "and"; readonly all: readonly TextQuery[]; readonly spelledOut: boolean }
  | { readonly kind: "but"; readonly some: TextQuery; readonly not: TextQuery; readonly spelledOut: boolean }
  | { readonly kind: "or"; readonly any: readonly TextQuery[] };

function bracketed(query: TextQuery): string {
  return query.kind === "term" ? write(query) : `(${write(query)})`;
}

/** The query as a user writes it. */
export function write(query: TextQuery): string {
  switch (query.kind) {
    case "term":
      return `${query.quoted ? `"${query.text}"` : query.text}${query.prefix ? "*" : ""}`;
    case "and":
      return query.all.map(bracketed).join(query.spelledOut ? " AND " : " ");
    case "but":
      return `${bracketed(query.some)} ${query.spelledOut ? "AND NOT" : "NOT"} ${bracketed(query.not)}`;
    case "or":
      return query.any.map((part) => (part.kind === "or" ? bracketed(part) : write(part))).join(" OR "); // AND binds closer
  }
}

/** Whether the words stand in the text one after the other, the last one perhaps going on. */
function stands(words: readonly string[], wanted: readonly string[], prefix: boolean): boolean {
  return words.some((_, from) =>
    wanted.every((word, at) => {
      const there = words[from + at];
      return prefix && at === wanted.length - 1 ? there?.startsWith(word) : there === word;
    }),
  );
}

/** Whether a text answers a query. How a text is cut into words has tests of its own. */
export function finds(text: string, query: TextQuery): boolean {
  switch (query.kind) {
    case "term":
      return stands([...wordsOf(text)], [...wordsOf(query.text)], query.prefix);
    case "and":
      return query.all.every((part) => finds(text, part));
    case "but":
      return finds(text, query.some) && !finds(text, query.not);
    case "or":
      return query.any.some((part) => finds(text, part));
  }
}
