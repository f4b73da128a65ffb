/** CONTRACT: what a cached node is in. */
export type NodeState = "new" | "syncing" | "synced" | "stale" | "error" | "ignored";

type Json = Readonly<Record<string, unknown>>;

/** A node the cache knows about, as one account sees it or as several share it. */
export interface NodeRecord {
  readonly id: number;
  /** Whose copy it is; undefined for one that accounts share (XEP-0460 §11). */
  readonly accountId?: number;
  readonly service: string;
  readonly node: string;
  readonly analyser?: string;
  readonly type?: string;
  readonly subtype?: string;
  readonly state: NodeState;
  readonly subscribed: boolean;
  /** Number of the last synchronisation begun. */
  readonly generation: number;
  readonly lastSync?: Date;
  readonly lastCheck?: Date;
  readonly lastError?: Json;
  /** What the service says of it. */
  readonly metadata?: Json;
  /** Where a synchronisation that was cut short goes on. */
  readonly resume?: Json;
  /** When it is looked at again by itself. */
  readonly nextCheck?: Date;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** Position from which on no item is left out here; undefined where none is left out at all. */
  readonly completeFrom?: number;
  /** Number of visible items. */
  readonly items: number;
  /** Characters of XML of its items, at most. */
  readonly bytes: number;
}

/** A node with those who may read it. */
export interface ListedNode extends NodeRecord {
  readonly accountIds: readonly number[];
}

export interface NodeKey {
  readonly accountId: number;
  readonly service: string;
  readonly node: string;
}

/** Which nodes are meant; conditions hold together, and an empty list finds nothing. */
export interface NodeFilter {
  readonly accountIds?: readonly number[];
  readonly services?: readonly string[];
  readonly nodes?: readonly string[];
  /** null finds nodes without a type. */
  readonly types?: readonly (string | null)[];
  /** null finds nodes without a subtype. */
  readonly subtypes?: readonly (string | null)[];
}

/** What may change about a node; null clears. */
export interface NodeChange {
  readonly analyser?: string | null;
  readonly type?: string | null;
  readonly subtype?: string | null;
  readonly state?: NodeState;
  readonly subscribed?: boolean;
  readonly lastSync?: Date | null;
  readonly lastCheck?: Date;
  readonly lastError?: object | null;
  readonly metadata?: object | null;
  readonly resume?: object | null;
  readonly nextCheck?: Date | null;
  readonly failures?: number;
  readonly completeFrom?: number | null;
  readonly bytes?: number;
}

/** The row as either engine gives it. */
export interface NodeRow {
  id: number;
  account_id: number | null;
  service: string;
  node: string;
  analyser: string | null;
  type: string | null;
  subtype: string | null;
  state: NodeState;
  subscribed: number | boolean;
  generation: number;
  last_sync: number | string | null;
  last_check: number | string | null;
  last_error: string | null;
  metadata: string | null;
  resume: string | null;
  next_check: number | string | null;
  failures: number;
  complete_from: number | string | null;
  items: number;
  bytes: number | string;
}

const instant = (value: number | string | null) => (value === null ? undefined : new Date(Number(value)));
const json = (text: string | null) => (text === null ? undefined : (JSON.parse(text) as Json));

export const nodeOf = (row: NodeRow): NodeRecord => ({
  id: row.id,
  accountId: row.account_id ?? undefined,
  service: row.service,
  node: row.node,
  analyser: row.analyser ?? undefined,
  type: row.type ?? undefined,
  subtype: row.subtype ?? undefined,
  state: row.state,
  subscribed: Boolean(row.subscribed),
  generation: row.generation,
  lastSync: instant(row.last_sync),
  lastCheck: instant(row.last_check),
  lastError: json(row.last_error),
  metadata: json(row.metadata),
  resume: json(row.resume),
  nextCheck: instant(row.next_check),
  failures: row.failures,
  completeFrom: row.complete_from === null ? undefined : Number(row.complete_from),
  items: Number(row.items),
  bytes: Number(row.bytes),
});

const JSON_FIELDS = new Set(["lastError", "metadata", "resume"]);

/** A change as the model's columns hold it. */
export function columnsOf(change: NodeChange): Record<string, string | number | boolean | null> {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (value instanceof Date) return [name, value.getTime()];
      return [name, JSON_FIELDS.has(name) && value !== null ? JSON.stringify(value) : value];
    }),
  );
}
