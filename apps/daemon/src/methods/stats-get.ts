import type { MethodHandler } from "./context.js";

export const statsGet: MethodHandler<"stats_get"> = async (_input, { store, accounts, daemon }) => {
  const sessions = accounts.all().map(({ session }) => session.stats);
  const sum = (count: (stats: (typeof sessions)[number]) => number) =>
    sessions.reduce((total, stats) => total + count(stats), 0);
  return {
    accounts: sessions.length,
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
    network: { dropped: sum((stats) => stats.dropped), forged: sum((stats) => stats.forged) },
  };
};
