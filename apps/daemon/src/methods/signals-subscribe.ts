import { SignalSubscription } from "../signals/subscription.js";
import type { MethodHandler } from "./context.js";
import { wantedSignals } from "./signal-names.js";

export const signalsSubscribe: MethodHandler<"signals_subscribe"> = async (
  input,
  { accounts, store, connection },
) => {
  const filter = { signals: wantedSignals(input.signals), accountIds: accounts.idsOf(input.accounts) };
  const cursor = input.since ?? (await store.events.newest());
  await store.events.since(cursor, { limit: 1 }); // refused here rather than after the answer
  connection.subscription?.close();
  const subscription = new SignalSubscription({
    store,
    sink: connection,
    filter,
    cursor,
    nameOf: accounts.nameOf,
  });
  connection.subscription = subscription;
  setImmediate(() => subscription.wake()); // the answer goes out first
  return { cursor };
};
