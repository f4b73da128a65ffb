import {
  BridgeError,
  type BridgeErrorType,
  DaemonUnreachableError,
  hasErrorType,
  rpcCodes,
} from "@larder/core/bridge";

/** CONTRACT: what a command's exit status means. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  notConnected: 5,
} as const;

const byType: Record<BridgeErrorType, number> = {
  not_found: exitCodes.notFound,
  not_connected: exitCodes.notConnected,
  conflict: exitCodes.failed,
  timeout: exitCodes.failed,
  forbidden: exitCodes.failed,
  not_acceptable: exitCodes.failed,
  unsupported: exitCodes.failed,
  busy: exitCodes.failed,
  auth_failed: exitCodes.failed,
  tls: exitCodes.failed,
  connection: exitCodes.failed,
  storage: exitCodes.failed,
  stanza_error: exitCodes.failed,
  internal: exitCodes.failed,
};

/** A command was used wrongly; its message says how it is used rightly. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An account was added and is kept, but could not connect. */
export class AccountNotOnlineError extends Error {
  override readonly name = "AccountNotOnlineError";
  constructor(account: string, cause: unknown) {
    const why = (cause instanceof Error ? cause.message : String(cause)).replace(`${account}: `, "");
    super(
      `${account} was added, but it is not online: ${why} (larder account password or edit mends it, larder account remove takes it away)`,
      { cause },
    );
  }
}

const wrongUse: readonly number[] = [
  rpcCodes.invalidParams,
  rpcCodes.methodNotFound,
  rpcCodes.invalidRequest,
  rpcCodes.parse,
];

export function exitCodeOf(error: unknown): number {
  if (error instanceof DaemonUnreachableError) return exitCodes.unreachable;
  if (error instanceof UsageError || (error instanceof Error && error.name === "InvalidParamsError"))
    return exitCodes.usage;
  if (error instanceof BridgeError && wrongUse.includes(error.code)) return exitCodes.usage;
  return hasErrorType(error) ? byType[error.type] : exitCodes.failed;
}
