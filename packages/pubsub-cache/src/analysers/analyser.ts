/** What is known of a node when it is analysed. */
export interface NodeFacts {
  readonly service: string;
  readonly node: string;
  /** Namespace of the first item's payload; undefined where the node holds nothing yet. */
  readonly namespace?: string;
}

/** What an analyser makes of a node. */
export interface Analysis {
  readonly analyser: string;
  readonly type: string;
  readonly subtype?: string;
  /** Whether the node is kept in the cache. */
  readonly toSync: boolean;
  readonly parser?: ParserReference;
}

/** A parser in a module of its own, which runs in the pool. */
export interface ParserReference {
  /** URL of an ES module with a default export `(item, context) => JSON`. */
  readonly module: string;
  /** Raised when the parser gives other results: what an older one made is then parsed again. */
  readonly version: string;
  /** How long one item may take. */
  readonly timeoutMs?: number;
}

/**
 * Knows what a kind of node is for. A node matches where its name starts with `node` or its first
 * item's payload is in `namespace`; one of the two must be given.
 */
export interface Analyser {
  /** Unique and stable: it is stored with the node. */
  readonly name: string;
  readonly type: string;
  readonly node?: string;
  readonly namespace?: string;
  readonly toSync: boolean;
  /**
   * Contacts' servers are asked for the events of the node named exactly `node` (`+notify` in our caps, XEP-0060
   * §9.2); what they send is told, and kept where `toSync` says so.
   */
  readonly notify?: boolean;
  readonly parser?: ParserReference;
  /** May change the analysis of a node that matched, for example set a subtype. */
  readonly onMatch?: (analysis: Analysis, facts: NodeFacts) => Analysis;
}
