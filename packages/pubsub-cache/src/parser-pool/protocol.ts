import type { ParserContext } from "../parsers/parser.js";

/** One item to parse. */
export interface ParseRequest extends ParserContext {
  /** The whole `<item/>` as text. */
  readonly xml: string;
}

/** What came of one item; plain data, because neither classes nor codes of errors survive the way from a worker. */
export type ParseOutcome =
  | {
      readonly ok: true;
      /** The value as JSON text that every database takes. */
      readonly json: string;
    }
  | {
      readonly ok: false;
      readonly error: string;
      /** Set where the parser was not even asked, because it is suspended: asking again later makes sense. */
      readonly temporary?: true;
    };

/** Which module parses. A changed `version` loads the module anew. */
export interface ParserModule {
  /** URL of an ES module whose default export is a parser, for example `file:///…`. */
  readonly module: string;
  readonly version: string;
  /** For one item, in milliseconds; by default the pool's. */
  readonly timeoutMs?: number;
}

/** What a worker is asked to do. */
export interface ParserTask {
  readonly module: string;
  readonly version: string;
  readonly items: readonly ParseRequest[];
  /** Most bytes (UTF-8) of JSON for one item. */
  readonly maxResultBytes: number;
  /** See {@link Progress}. */
  readonly progress: SharedArrayBuffer;
}
