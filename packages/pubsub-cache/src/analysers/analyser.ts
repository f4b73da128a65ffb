import type { JsonPath } from "@larder/storage";
import type { ParserModule } from "../parser-pool/index.js";

/** What is known of a node when it is analysed. */
export interface NodeFacts {
  readonly service: string;
  readonly node: string;
  /** Namespace of the first item's payload; undefined where the node holds nothing yet. */
  readonly namespace?: string;
  /** What the node says it holds (`pubsub#type`, XEP-0060 §16.4.4), where it was asked. */
  readonly nodeType?: string;
}

/** What an analyser makes of a node. */
export interface Analysis {
  readonly analyser: string;
  readonly type: string;
  readonly subtype?: string;
  /** Whether the node is kept in the cache. */
  readonly toSync: boolean;
}

/**
 * Knows what a kind of node is for. A node matches where its name starts with `node` or its first
 * item's payload is in `namespace`; one of the two must be given.
 */
export interface Analyser {
  /** Unique whatever its case, and stable: it is stored with the node. */
  readonly name: string;
  /** What the node's items are, for whoever searches. */
  readonly type: string;
  /** Start of the node's name. */
  readonly node?: string;
  /** Of the first item's payload. */
  readonly namespace?: string;
  /** Whether nodes that match are kept in the cache. */
  readonly toSync: boolean;
  /**
   * Contacts' servers are asked for the events of the node named exactly `node` (`+notify` in our caps, XEP-0060
   * §9.2); what they send is told, and kept where `toSync` says so.
   */
  readonly notify?: boolean;
  /** URL of an ES module with a default export `(item, context) => JSON`; it runs in the parser pool. */
  readonly parser?: URL | string;
  /** Raised when the parser gives other results: what an older one made is then parsed again. Default `1`. */
  readonly parserVersion?: string;
  /** How long one item may take, in milliseconds; by default the pool's limit. */
  readonly timeoutMs?: number;
  /** Whether the parser runs in the main thread: for one of ours that does next to nothing. Default false. */
  readonly inline?: boolean;
  /** Finer than the type. */
  readonly subtype?: string;
  /** Paths of parsed data that searches are to find quickly. */
  readonly indexes?: readonly JsonPath[];
  /** May change the analysis of a node that matched, for example set a subtype or keep it out of the cache. */
  readonly onMatch?: (analysis: Analysis, facts: NodeFacts) => Analysis;
}

/** The analyser's parser as the pool wants it. */
export function parserOf(analyser: Analyser | undefined): ParserModule | undefined {
  if (analyser?.parser === undefined) return undefined;
  const { parser, parserVersion = "1", timeoutMs, inline } = analyser;
  return { module: String(parser), version: parserVersion, timeoutMs, inline };
}

/** What is stored beside a parser's results: another one, or another version, has to parse them again. */
export function parserName(analyser: Analyser | undefined): string | undefined {
  const parser = parserOf(analyser);
  return parser && `${analyser?.name}@${parser.version}`;
}
