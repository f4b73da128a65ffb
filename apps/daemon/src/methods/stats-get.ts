import type { MethodHandler } from "./context.js";

export const statsGet: MethodHandler<"stats_get"> = async (_input, { store, accounts, daemon }) => {
  const all = accounts.all();
  const sum = (count: (account: (typeof all)[number]) => number) =>
    all.reduce((total, account) => total + count(account), 0);
  return {
    accounts: all.length,
    messages: await store.messages.count(),
    nodes: (await store.nodes.list()).length,
    items: await store.items.count(),
    parserPool: daemon.parserPool(),
    databaseBytes: await store.database.size(),
    eventLog: {
      events: await store.events.count(),
      newest: await store.events.newest(),
      oldest: await store.events.oldest(),
    },
    bridge: { connections: daemon.connections() },
    network: {
      dropped: sum(({ dropped }) => dropped) + daemon.droppedItems(),
      forged: sum(({ forged }) => forged),
      paused: sum(({ session }) => session.stats.pauses),
      waiting: await store.waiting.count(),
      unfollowed: sum(({ unfollowed }) => unfollowed),
    },
  };
};
