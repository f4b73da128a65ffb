export { type BridgeErrorType, hasErrorType } from "../errors/errors.js";
export { ELEMENT_MARK, readJsonLine } from "./answer-text.js";
export { BridgeClient, DaemonUnreachableError, type ReceivedSignal } from "./client.js";
export {
  BRIDGE_API,
  type BridgeInput,
  type BridgeMethod,
  type BridgeParams,
  type BridgeResult,
  bridgeMethods,
} from "./contract.js";
export {
  BridgeError,
  type BridgeErrorBody,
  errorFieldOf,
  paramsErrorOf,
  rpcCodes,
  toBridgeError,
} from "./errors.js";
export { LineReader, MAX_LINE_BYTES } from "./lines.js";
export type { MethodDefinition } from "./method.js";
export { type InstancePaths, instancePaths, socketCandidates } from "./paths.js";
export type { ConditionOperator } from "./shapes/search.js";
export {
  type BridgeSignal,
  bridgeSignals,
  isBridgeSignal,
  type SignalParams,
  transientSignals,
} from "./signals.js";
export { checkTexts } from "./text-check.js";
