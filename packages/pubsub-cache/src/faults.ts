import { type BridgeErrorType, hasErrorType } from "@larder/core";

type TypedError = Error & { readonly type: BridgeErrorType };

const OF_THE_CONNECTION: readonly BridgeErrorType[] = ["not_connected", "connection"];
const OF_OURS: readonly BridgeErrorType[] = [...OF_THE_CONNECTION, "timeout", "storage"];

/** The service has answered, if with an error: not a fault of the connection or of ours. */
export const isAnswer = (error: unknown): error is TypedError =>
  hasErrorType(error) && !OF_OURS.includes(error.type);

/** There is no session, or it ended while something was asked. */
export const isDisconnection = (error: unknown): boolean =>
  (hasErrorType(error) && OF_THE_CONNECTION.includes(error.type)) ||
  (error instanceof Error && error.name === "AbortError"); // the cache is being closed
