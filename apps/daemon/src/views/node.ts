import type { BridgeResult } from "@larder/core";
import type { Explanation } from "@larder/pubsub-cache";
import type { ListedNode } from "@larder/storage";

/** A node of the cache as the bridge shows it. */
export type NodeView = BridgeResult<"ps_cache_sync">["node"];

/** The error without what only the cache needs to know of it. */
function errorView(error: Readonly<Record<string, unknown>> | undefined): NodeView["lastError"] {
  if (!error) return undefined;
  const { since: _since, ...told } = error;
  return told as NodeView["lastError"];
}

export function nodeView(node: ListedNode, nameOf: (accountId: number) => string): NodeView {
  return {
    accounts: node.accountIds.map(nameOf),
    service: node.service,
    node: node.node,
    type: node.type,
    subtype: node.subtype,
    analyser: node.analyser,
    state: node.state,
    items: node.items,
    subscribed: node.subscribed,
    lastSync: node.lastSync?.toISOString(),
    lastError: errorView(node.lastError),
  };
}

export function explanationView(explanation: Explanation): BridgeResult<"ps_cache_explain"> {
  const { lastSync, lastCheck, nextRetry, nextCheck, lastError, reasons, ...rest } = explanation;
  return {
    ...rest,
    reasons: [...reasons],
    lastSync: lastSync?.toISOString(),
    lastCheck: lastCheck?.toISOString(),
    nextRetry: nextRetry?.toISOString(),
    nextCheck: nextCheck?.toISOString(),
    lastError: errorView(lastError),
  };
}
