import type { NodeRecord } from "@larder/storage";

/** True if the copy of a node can be read: it was read in full once. */
export const isReadable = ({ state }: Pick<NodeRecord, "state">): boolean =>
  state === "synced" || state === "stale";

/** True if changes of a node are applied: it can be read, or is being read for the first time. */
export const isKept = (node: Pick<NodeRecord, "state">): boolean =>
  isReadable(node) || node.state === "syncing";
