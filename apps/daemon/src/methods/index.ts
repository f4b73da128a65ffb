import { accountAdd } from "./account-add.js";
import { accountConnect } from "./account-connect.js";
import { accountDisconnect } from "./account-disconnect.js";
import { accountList } from "./account-list.js";
import { accountRemove } from "./account-remove.js";
import { accountUpdate } from "./account-update.js";
import type { MethodHandlers } from "./context.js";
import { conversationsList } from "./conversations-list.js";
import { eventsGet } from "./events-get.js";
import { historyGet } from "./history-get.js";
import { historySync } from "./history-sync.js";
import { messageCorrect } from "./message-correct.js";
import { messageGet } from "./message-get.js";
import { messageMarkDisplayed } from "./message-mark-displayed.js";
import { messageReactionsSet } from "./message-reactions-set.js";
import { messageRetract } from "./message-retract.js";
import { messageSend } from "./message-send.js";
import { mucJoin } from "./muc-join.js";
import { mucLeave } from "./muc-leave.js";
import { mucList } from "./muc-list.js";
import { presenceSubscribe } from "./presence-subscribe.js";
import { presenceSubscriptionAnswer } from "./presence-subscription-answer.js";
import { psAnalysersList } from "./ps-analysers-list.js";
import { psCacheExplain } from "./ps-cache-explain.js";
import { psCacheGet } from "./ps-cache-get.js";
import { psCacheNodes } from "./ps-cache-nodes.js";
import { psCachePurge } from "./ps-cache-purge.js";
import { psCacheReparse } from "./ps-cache-reparse.js";
import { psCacheReset } from "./ps-cache-reset.js";
import { psCacheSearch } from "./ps-cache-search.js";
import { psCacheSync } from "./ps-cache-sync.js";
import { psItemNoticedSet } from "./ps-item-noticed-set.js";
import { psItemPublish } from "./ps-item-publish.js";
import { psItemReactionsSet } from "./ps-item-reactions-set.js";
import { psItemRetract } from "./ps-item-retract.js";
import { psItemsGet } from "./ps-items-get.js";
import { psNodeConfigure } from "./ps-node-configure.js";
import { psNodeCreate } from "./ps-node-create.js";
import { psNodeDelete } from "./ps-node-delete.js";
import { psNodePurge } from "./ps-node-purge.js";
import { psSubscribe } from "./ps-subscribe.js";
import { psSubscriptionsGet } from "./ps-subscriptions-get.js";
import { psUnsubscribe } from "./ps-unsubscribe.js";
import { reactionsLogGet } from "./reactions-log-get.js";
import { reactionsRestrictionsGet } from "./reactions-restrictions-get.js";
import { rosterGet } from "./roster-get.js";
import { signalsSubscribe } from "./signals-subscribe.js";
import { signalsUnsubscribe } from "./signals-unsubscribe.js";
import { statsGet } from "./stats-get.js";
import { versionGet } from "./version-get.js";

/** The handler of every method. */
export const methodHandlers: MethodHandlers = {
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
  message_get: messageGet,
  message_send: messageSend,
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
  ps_cache_get: psCacheGet,
  ps_cache_sync: psCacheSync,
  ps_cache_nodes: psCacheNodes,
  ps_cache_search: psCacheSearch,
  ps_cache_explain: psCacheExplain,
  ps_cache_purge: psCachePurge,
  ps_cache_reset: psCacheReset,
  ps_cache_reparse: psCacheReparse,
  ps_analysers_list: psAnalysersList,
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
  signals_subscribe: signalsSubscribe,
  signals_unsubscribe: signalsUnsubscribe,
  events_get: eventsGet,
};
