import type { z } from "zod";
import { accountAdd } from "./methods/account-add.js";
import { accountConnect } from "./methods/account-connect.js";
import { accountDisconnect } from "./methods/account-disconnect.js";
import { accountList } from "./methods/account-list.js";
import { accountRemove } from "./methods/account-remove.js";
import { accountUpdate } from "./methods/account-update.js";
import { conversationsList } from "./methods/conversations-list.js";
import { eventsGet } from "./methods/events-get.js";
import { historyGet } from "./methods/history-get.js";
import { historySync } from "./methods/history-sync.js";
import { messageCorrect } from "./methods/message-correct.js";
import { messageGet } from "./methods/message-get.js";
import { messageMarkDisplayed } from "./methods/message-mark-displayed.js";
import { messageReactionsSet } from "./methods/message-reactions-set.js";
import { messageRetract } from "./methods/message-retract.js";
import { messageSend } from "./methods/message-send.js";
import { mucJoin } from "./methods/muc-join.js";
import { mucLeave } from "./methods/muc-leave.js";
import { mucList } from "./methods/muc-list.js";
import { presenceSubscribe } from "./methods/presence-subscribe.js";
import { presenceSubscriptionAnswer } from "./methods/presence-subscription-answer.js";
import { psAnalysersList } from "./methods/ps-analysers-list.js";
import { psCacheExplain } from "./methods/ps-cache-explain.js";
import { psCacheGet } from "./methods/ps-cache-get.js";
import { psCacheNodes } from "./methods/ps-cache-nodes.js";
import { psCachePurge } from "./methods/ps-cache-purge.js";
import { psCacheReparse } from "./methods/ps-cache-reparse.js";
import { psCacheReset } from "./methods/ps-cache-reset.js";
import { psCacheSearch } from "./methods/ps-cache-search.js";
import { psCacheSync } from "./methods/ps-cache-sync.js";
import { psItemNoticedSet } from "./methods/ps-item-noticed-set.js";
import { psItemPublish } from "./methods/ps-item-publish.js";
import { psItemReactionsSet } from "./methods/ps-item-reactions-set.js";
import { psItemRetract } from "./methods/ps-item-retract.js";
import { psItemsGet } from "./methods/ps-items-get.js";
import { psNodeConfigure } from "./methods/ps-node-configure.js";
import { psNodeCreate } from "./methods/ps-node-create.js";
import { psNodeDelete } from "./methods/ps-node-delete.js";
import { psNodePurge } from "./methods/ps-node-purge.js";
import { psSubscribe } from "./methods/ps-subscribe.js";
import { psSubscriptionsGet } from "./methods/ps-subscriptions-get.js";
import { psUnsubscribe } from "./methods/ps-unsubscribe.js";
import { reactionsLogGet } from "./methods/reactions-log-get.js";
import { reactionsRestrictionsGet } from "./methods/reactions-restrictions-get.js";
import { rosterGet } from "./methods/roster-get.js";
import { signalsSubscribe } from "./methods/signals-subscribe.js";
import { signalsUnsubscribe } from "./methods/signals-unsubscribe.js";
import { statsGet } from "./methods/stats-get.js";
import { versionGet } from "./methods/version-get.js";

/** Every method of the bridge, by name. */
export const bridgeMethods = {
  version_get: versionGet,
  stats_get: statsGet,
  account_add: accountAdd,
  account_list: accountList,
  account_connect: accountConnect,
  account_disconnect: accountDisconnect,
  account_remove: accountRemove,
  account_update: accountUpdate,
  roster_get: rosterGet,
  presence_subscribe: presenceSubscribe,
  presence_subscription_answer: presenceSubscriptionAnswer,
  message_send: messageSend,
  message_get: messageGet,
  history_get: historyGet,
  message_reactions_set: messageReactionsSet,
  reactions_log_get: reactionsLogGet,
  reactions_restrictions_get: reactionsRestrictionsGet,
  message_correct: messageCorrect,
  message_retract: messageRetract,
  message_mark_displayed: messageMarkDisplayed,
  history_sync: historySync,
  conversations_list: conversationsList,
  muc_join: mucJoin,
  muc_leave: mucLeave,
  muc_list: mucList,
  ps_items_get: psItemsGet,
  ps_item_publish: psItemPublish,
  ps_item_retract: psItemRetract,
  ps_item_reactions_set: psItemReactionsSet,
  ps_item_noticed_set: psItemNoticedSet,
  ps_node_create: psNodeCreate,
  ps_node_configure: psNodeConfigure,
  ps_node_delete: psNodeDelete,
  ps_node_purge: psNodePurge,
  ps_subscribe: psSubscribe,
  ps_unsubscribe: psUnsubscribe,
  ps_subscriptions_get: psSubscriptionsGet,
  ps_cache_get: psCacheGet,
  ps_cache_sync: psCacheSync,
  ps_cache_nodes: psCacheNodes,
  ps_cache_search: psCacheSearch,
  ps_cache_explain: psCacheExplain,
  ps_cache_purge: psCachePurge,
  ps_cache_reset: psCacheReset,
  ps_cache_reparse: psCacheReparse,
  ps_analysers_list: psAnalysersList,
  signals_subscribe: signalsSubscribe,
  signals_unsubscribe: signalsUnsubscribe,
  events_get: eventsGet,
} as const;

export type BridgeMethod = keyof typeof bridgeMethods;
/** What a caller gives. */
export type BridgeParams<M extends BridgeMethod> = z.input<(typeof bridgeMethods)[M]["params"]>;
/** What a handler gets: checked, JIDs normalised. */
export type BridgeInput<M extends BridgeMethod> = z.output<(typeof bridgeMethods)[M]["params"]>;
export type BridgeResult<M extends BridgeMethod> = z.output<(typeof bridgeMethods)[M]["result"]>;

/** Version of the bridge: raised when something that stands is changed. */
export const BRIDGE_API = 1;
