import type { MethodHandler } from "./context.js";

export const signalsUnsubscribe: MethodHandler<"signals_unsubscribe"> = async (_input, { connection }) => {
  connection.subscription?.close();
  connection.subscription = undefined;
  return {};
};
