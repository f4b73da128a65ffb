import type { PreparedItem, StoredText } from "@larder/storage/prepare";
import type { ParserContext } from "../parsers/parser.js";

/** One item to parse. */
export interface ParseRequest extends ParserContext {
  /** The whole `<item/>` as text. */
  readonly xml: string;
}

/** What came of one item; plain data, because neither classes nor codes of errors survive the way from a worker. */
export type ParseOutcome<Text extends StoredText = string> =
  | {
      readonly ok: true;
      /** The value as JSON text that every database takes. */
      readonly json: Text;
      /** What searches need of it, made where it costs the main thread nothing. */
      readonly prepared?: PreparedItem<Text>;
    }
  | {
      readonly ok: false;
      readonly error: string;
      /** Set where the parser was not even asked, because it is suspended: asking again later makes sense. */
      readonly temporary?: true;
      /** What searches find of the item all the same; absent where its thread was lost. */
      readonly prepared?: PreparedItem<Text>;
    };

/** Which module parses. A changed `version` loads the module anew. */
export interface ParserModule {
  /** URL of an ES module whose default export is a parser, for example `file:///…`. */
  readonly module: string;
  readonly version: string;
  /** For one item, in milliseconds; by default the pool's. */
  readonly timeoutMs?: number;
  /**
   * Whether it runs in the main thread, for items of no more than `inlineBytes` of the pool: for a parser of ours that
   * does next to nothing. Nothing can stop it there, so it must neither wait nor loop for long.
   */
  readonly inline?: boolean;
}

/** What a worker loads; no module where there is nothing to parse, but text to make ready for searches. */
export interface WorkerModule extends Pick<ParserModule, "version" | "timeoutMs"> {
  readonly module: string | undefined;
}

/** What a worker is asked to do. */
export interface ParserTask {
  readonly module: string | undefined;
  readonly version: string;
  readonly items: readonly ParseRequest[];
  /** Most bytes (UTF-8) of JSON for one item. */
  readonly maxResultBytes: number;
  /** See {@link Progress}. */
  readonly progress: SharedArrayBuffer;
}

/** What came of a batch, as it comes from a thread. */
export interface PackedOutcomes {
  /** With the number of bytes in the place of each text, in this order: JSON, folded, words. */
  readonly outcomes: readonly PackedOutcome[];
  /** The texts in UTF-8, one after the other: strings would be copied three times on their way to the database. */
  readonly texts: Uint8Array;
}

export interface PackedOutcome {
  readonly json?: number;
  readonly folded?: number;
  readonly words?: number;
  readonly refused?: string;
  readonly error?: string;
}
