import { InvalidQueryError } from "../errors.js";
import { isStorable, unstorableText } from "../sql.js";
import { wordsOf } from "./words.js";

/** A full-text query, independent of the engine that runs it. */
export type FullTextQuery =
  /** Words that stand one after the other; with `prefix` the last one may go on. */
  | { kind: "phrase"; words: readonly string[]; prefix: boolean }
  | { kind: "and"; all: readonly FullTextQuery[]; not: readonly FullTextQuery[] }
  | { kind: "or"; any: readonly FullTextQuery[] };

type Token =
  | { kind: "(" | ")" | "AND" | "OR" | "NOT" }
  | { kind: "term"; text: string; phrase: boolean; prefix: boolean };

const MAX_TERMS = 200;
/** FTS5 takes 100 symbols that wait for a closing parenthesis, and a level may cost seven of them. */
const MAX_DEPTH = 12;
/** Of a phrase; more would fit no text that is searched for. */
const MAX_WORDS = 500;
/** Of all words together: a tsquery ends at 1 MiB. */
const MAX_BYTES = 500_000;

function tokenise(query: string, path: string): Token[] {
  if (!isStorable(query)) throw unstorableText(path);
  const tokens: Token[] = [];
  const pattern = /\s+|([()])|"([^"]*)"(\*?)|([^\s()"]+)/gy;
  while (pattern.lastIndex < query.length) {
    const match = pattern.exec(query);
    if (!match) throw new InvalidQueryError(path, `${path}: a quotation mark is not closed`);
    const [, bracket, phrase, phraseStar, word] = match;
    if (bracket === "(" || bracket === ")") tokens.push({ kind: bracket });
    else if (phrase !== undefined)
      tokens.push({ kind: "term", text: phrase, phrase: true, prefix: phraseStar === "*" });
    else if (word === "AND" || word === "OR" || word === "NOT") tokens.push({ kind: word });
    else if (word !== undefined)
      tokens.push({ kind: "term", text: word, phrase: false, prefix: word.endsWith("*") });
  }
  if (tokens.length > MAX_TERMS) throw new InvalidQueryError(path, `${path}: more than ${MAX_TERMS} words`);
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #path: string;
  #at = 0;
  #bytes = 0;

  constructor(tokens: readonly Token[], path: string) {
    this.#tokens = tokens;
    this.#path = path;
  }

  parse(): FullTextQuery {
    const query = this.#or(0);
    if (this.#at < this.#tokens.length) throw this.#unreadable("a closing parenthesis has no partner");
    if (!query) throw this.#unreadable("there is no word in it to look for");
    return query;
  }

  #unreadable(why: string): InvalidQueryError {
    return new InvalidQueryError(this.#path, `${this.#path}: the query cannot be read: ${why}`);
  }

  #take(kind: Token["kind"]): boolean {
    if (this.#tokens[this.#at]?.kind !== kind) return false;
    this.#at++;
    return true;
  }

  #or(depth: number): FullTextQuery | undefined {
    if (depth > MAX_DEPTH) throw this.#unreadable("it is nested too deeply");
    const any: FullTextQuery[] = [];
    do {
      const part = this.#and(depth);
      if (part) any.push(part);
    } while (this.#take("OR"));
    return any.length > 1 ? { kind: "or", any } : any[0];
  }

  /** Words side by side, with or without AND; NOT takes away from what stands beside it. */
  #and(depth: number): FullTextQuery | undefined {
    const all: FullTextQuery[] = [];
    const not: FullTextQuery[] = [];
    let operands = 0;
    for (;;) {
      const joined = this.#take("AND");
      if (joined && operands === 0) throw this.#unreadable("AND has nothing before it");
      const negated = this.#take("NOT");
      const next = this.#tokens[this.#at];
      if (!next || next.kind === ")" || next.kind === "OR") {
        if (joined || negated) throw this.#unreadable(`${negated ? "NOT" : "AND"} has nothing after it`);
        break;
      }
      if (next.kind === "AND" || next.kind === "NOT")
        throw this.#unreadable(`${next.kind} stands where a word should`);
      operands++;
      const operand = this.#operand(depth);
      if (operand) (negated ? not : all).push(operand);
    }
    if (operands === 0) throw this.#unreadable("a word is missing");
    if (all.length === 0 && not.length > 0) throw this.#unreadable("NOT needs something to take away from");
    return not.length === 0 && all.length < 2 ? all[0] : { kind: "and", all, not };
  }

  #operand(depth: number): FullTextQuery | undefined {
    if (this.#take("(")) {
      const inner = this.#or(depth + 1);
      if (!this.#take(")")) throw this.#unreadable("a parenthesis is not closed");
      return inner;
    }
    const token = this.#tokens[this.#at++];
    if (token?.kind !== "term") throw this.#unreadable("a word is missing");
    const words = wordsOf(token.text);
    for (const word of words) this.#bytes += Buffer.byteLength(word);
    if (this.#bytes > MAX_BYTES) throw this.#unreadable("it is too long");
    if (words.length > MAX_WORDS) throw this.#unreadable(`a phrase has more than ${MAX_WORDS} words`);
    return words.length > 0 ? { kind: "phrase", words, prefix: token.prefix } : undefined; // punctuation alone
  }
}

/**
 * Reads a query: words, "phrases", prefix*, AND, OR, NOT and parentheses. Words side by side mean AND;
 * `a NOT b` and `a AND NOT b` mean the same. Case and diacritics do not count.
 *
 * @param path names the parameter in the error
 * @throws {InvalidQueryError} it cannot be read, holds no word, or only takes away
 */
export function parseFullTextQuery(query: string, path = "fts"): FullTextQuery {
  return new Parser(tokenise(query, path), path).parse();
}

/** The query in FTS5's language; every word is quoted, so that none can be taken for an operator. */
export function toFts5(query: FullTextQuery): string {
  switch (query.kind) {
    case "phrase":
      return `"${query.words.join(" ").replaceAll('"', '""')}"${query.prefix ? " *" : ""}`;
    case "or":
      return `(${query.any.map(toFts5).join(" OR ")})`;
    case "and": {
      const positive = query.all.map(toFts5).join(" AND ");
      return query.not.length === 0
        ? `(${positive})`
        : `((${positive}) NOT (${query.not.map(toFts5).join(" OR ")}))`;
    }
  }
}
