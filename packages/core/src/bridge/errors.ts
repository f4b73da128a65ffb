import type { z } from "zod";
import {
  type BridgeErrorType,
  bridgeErrorTypes,
  hasErrorType,
  InvalidParamsError,
  InvalidXmlError,
  LarderError,
} from "../errors/errors.js";
import type { errorData } from "./shapes/common.js";

/** Codes of JSON-RPC 2.0 §5.1, and -32000 for the daemon's own errors. */
export const rpcCodes = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  larder: -32000,
} as const;

export type BridgeErrorData = z.output<typeof errorData>;

/** An error as it goes over the bridge. */
export interface BridgeErrorBody {
  readonly code: number;
  readonly message: string;
  readonly data: Record<string, unknown>;
}

const hasPath = (error: unknown): error is Error & { path: string } =>
  error instanceof Error &&
  "path" in error &&
  typeof error.path === "string" &&
  /^(InvalidParams|InvalidQuery)/.test(error.name);

/** What the bridge tells of an error that has a type, as a field. */
export function errorFieldOf(error: unknown): BridgeErrorData & { message: string } {
  if (!hasErrorType(error)) {
    return { type: "internal", retryable: false, message: "an internal error; the daemon's log tells more" };
  }
  return {
    type: error.type,
    ...(error.condition !== undefined && { condition: error.condition }),
    ...(error.text !== undefined && { text: error.text }),
    retryable: error.retryable ?? false,
    message: error.message,
  };
}

/**
 * Any error as the bridge tells it. What is not one of ours is told as `internal` without its words:
 * they might hold what others must not read.
 */
export function toBridgeError(error: unknown): BridgeErrorBody {
  if (hasPath(error))
    return { code: rpcCodes.invalidParams, message: error.message, data: { path: error.path } };
  if (error instanceof InvalidXmlError) {
    return { code: rpcCodes.invalidParams, message: `payload: ${error.message}`, data: { path: "payload" } };
  }
  const { message, ...data } = errorFieldOf(error);
  return { code: rpcCodes.larder, message, data };
}

/** The first problem that a schema found, naming the field. */
export function paramsErrorOf(error: z.ZodError): InvalidParamsError {
  const issue = error.issues[0];
  const extra = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(extra === undefined ? [] : [extra])].map(String).join(".");
  const why = extra === undefined ? (issue?.message ?? "is not valid") : "is not a parameter of this method";
  return new InvalidParamsError(path, path === "" ? why : `${path}: ${why}`);
}

/** An error that a daemon answered, on the client's side. */
export class BridgeError extends LarderError {
  override readonly name = "BridgeError";
  override readonly type: BridgeErrorType;
  override readonly retryable: boolean;
  declare readonly condition?: string;
  declare readonly text?: string;
  /** The parameter at fault, where the code is -32602. */
  readonly path?: string;

  constructor(
    message: string,
    readonly code: number,
    data: unknown,
  ) {
    super(message);
    const facts = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
    const known = bridgeErrorTypes.find((type) => type === facts.type);
    this.type = known ?? "internal";
    this.retryable = facts.retryable === true;
    if (typeof facts.condition === "string") this.condition = facts.condition;
    if (typeof facts.text === "string") this.text = facts.text;
    if (typeof facts.path === "string") this.path = facts.path;
  }
}
