import type { NodeMetadata } from "@larder/core";
import type { NodeRecord } from "@larder/storage";
import type { LeftOutItem } from "./left-out.js";
import type { ServiceWays } from "./node-pages.js";

/** What is known of a node beside its items: what its service says, and what its answers have shown. */
export interface NodeNotes extends NodeMetadata, Partial<ServiceWays> {
  /** The ids of its items can be asked for alone (XEP-0060 §5.5); absent until it was tried. */
  readonly listsIds?: boolean;
  /** When the ids of its items were compared last, in milliseconds. */
  readonly listedAt?: number;
  /** Number of comparisons of ids in a row that found nothing. */
  readonly quiet?: number;
  /** Number of items that its service had left after it had dropped the oldest without an event. */
  readonly droppedAt?: number;
  /** Items that the copy lacks because they are over a limit of ours. */
  readonly leftOut?: readonly LeftOutItem[];
  /** The copy was read across an absence, so that items may have changed behind the reading. */
  readonly readInParts?: boolean;
}

export const notesOf = ({ metadata }: Pick<NodeRecord, "metadata">): NodeNotes =>
  (metadata ?? {}) as NodeNotes;

/** Observations of the node, without the statements of its service, which are asked for anew. */
export const observedOf = ({
  paging,
  overwritten,
  listsIds,
  listedAt,
  quiet,
  droppedAt,
  configurable,
  leftOut,
}: NodeNotes): NodeNotes => ({
  paging,
  overwritten,
  listsIds,
  listedAt,
  quiet,
  droppedAt,
  configurable,
  leftOut,
});

/** Largest number of items of the node that its service states, or was seen to keep. */
export const mostItems = ({ maxItems, droppedAt }: NodeNotes): number | undefined => maxItems ?? droppedAt;

/** Why a node is not worth keeping, or cannot be kept right; undefined where nothing speaks against it. */
export function objection({ kind, persistence, consistentItems }: NodeNotes): string | undefined {
  if (kind === "collection") return "it is a collection of nodes and holds no items itself (XEP-0248)";
  if (persistence === "transient") return "its service keeps no items (XEP-0460 §5)";
  if (persistence === "transient-with-last-item") return "its service keeps only the last item (XEP-0460 §5)";
  if (consistentItems === false) return "its items differ by who asks and when (XEP-0460 §7)";
  return undefined;
}

/** Whether one copy may serve all accounts (XEP-0460 §11). */
export const isShareable = ({ accessModel, consistentItems, consistentSet }: NodeNotes): boolean =>
  accessModel === "open" && consistentItems === true && consistentSet === true;

/** Whether an item that is overwritten keeps its place, so that only reading it again shows a change that was missed. */
export const hidesOverwrites = ({ overwritten }: NodeNotes): boolean => overwritten === "stays";
