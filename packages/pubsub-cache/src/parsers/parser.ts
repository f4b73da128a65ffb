import type { XmlElement } from "@larder/core";

/** What JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** An item as a parser sees it, in the worker. */
export interface ParserItem {
  readonly id: string;
  /** Bare or full JID, set by the service (XEP-0060 §7.1.2.3); absent where the service does not tell. */
  readonly publisher?: string;
  /** The whole item, root `{http://jabber.org/protocol/pubsub}item`. */
  readonly xml: string;
  /** The item's first child element. */
  readonly payload: XmlElement;
}

/** Where an item comes from. */
export interface ParserContext {
  readonly service: string;
  readonly node: string;
  readonly subtype?: string;
  /** As in {@link ParserItem}, also where only the cache knows it. */
  readonly publisher?: string;
  /** When the item was made, as far as the service or the cache knows; ISO 8601 UTC with milliseconds. */
  readonly created?: string;
}

/**
 * The default export of a parser module: turns one item into a plain value. It runs in a worker thread, has to
 * answer within its time, and should depend on nothing but its arguments: an item may be parsed twice.
 *
 * @throws anything: the item is kept without `parsed`, with the message as its error
 */
export type Parser = (item: ParserItem, context: ParserContext) => JsonValue | Promise<JsonValue>;

/** A payload that is not what the parser is for, or has something unreadable in it. */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
  constructor(
    /** The element or attribute that is wrong, for example `published`. */
    readonly field: string,
    problem: string,
  ) {
    super(`${field}: ${problem}`);
  }
}
