import { hydrateEvent } from "../signals/hydrate.js";
import type { MethodHandler } from "./context.js";
import { wantedSignals } from "./signal-names.js";

export const eventsGet: MethodHandler<"events_get"> = async (input, { accounts, store }) => {
  const { events, cursor } = await store.events.since(input.since ?? (await store.events.oldest()), {
    limit: input.limit ?? 50,
    signals: wantedSignals(input.signals),
    accountIds: accounts.idsOf(input.accounts),
  });
  const told = [];
  for (const event of events) {
    const ready = await hydrateEvent(store, event, accounts.nameOf);
    if (ready) told.push({ ...ready, cursor: event.cursor });
  }
  return { events: told, cursor };
};
