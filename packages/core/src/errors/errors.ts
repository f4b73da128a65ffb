/**
 * The closed set of error types that the bridge shows (CONTRACT: `data.type`). The strings are stable:
 * clients branch on them.
 */
export const bridgeErrorTypes = [
  "not_found",
  "conflict",
  "not_connected",
  "timeout",
  "forbidden",
  "not_acceptable",
  "unsupported",
  "busy",
  "auth_failed",
  "tls",
  "connection",
  "storage",
  "stanza_error",
  "internal",
] as const;
export type BridgeErrorType = (typeof bridgeErrorTypes)[number];

/** True for every error that carries one of the bridge's types, whichever package raised it. */
export function hasErrorType(
  error: unknown,
): error is Error & { type: BridgeErrorType; retryable?: boolean; condition?: string; text?: string } {
  return (
    error instanceof Error && "type" in error && (bridgeErrorTypes as readonly unknown[]).includes(error.type)
  );
}

/** Base of every error that Larder raises on purpose. */
export abstract class LarderError extends Error {
  /** What kind of failure this is; stable, see {@link bridgeErrorTypes}. */
  abstract readonly type: BridgeErrorType;
  /** True where the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean = false;
  /** The XMPP condition behind the error, where there is one (RFC 6120 §4.9.3, §6.5, §8.3.3). */
  readonly condition?: string;
  /** The server's own words about it, where it gave any. */
  readonly text?: string;
}

/** A value that a person or program gave is not usable; `path` names it. Code -32602 on the bridge. */
export class InvalidParamsError extends Error {
  override readonly name = "InvalidParamsError";
  constructor(
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** XML that is not well-formed, or holds what XMPP forbids. */
export class InvalidXmlError extends Error {
  override readonly name = "InvalidXmlError";
}

/** What was asked for is not there. */
export class NotFoundError extends LarderError {
  override readonly name = "NotFoundError";
  override readonly type = "not_found";
}

/** Another daemon, session or item stands in the way. */
export class ConflictError extends LarderError {
  override readonly name = "ConflictError";
  override readonly type = "conflict";
}

/** The operation needs a session and there is none. */
export class NotConnectedError extends LarderError {
  override readonly name = "NotConnectedError";
  override readonly type = "not_connected";
  override readonly retryable = true;
  constructor(readonly account: string) {
    super(`${account} is not connected`);
  }
}

/** No answer in time. */
export class RequestTimeoutError extends LarderError {
  override readonly name = "RequestTimeoutError";
  override readonly type = "timeout";
  override readonly retryable = true;
}

/** A value is refused: by the other party, by a limit, or because no rule allows it. */
export class NotAcceptableError extends LarderError {
  override readonly name: string = "NotAcceptableError";
  override readonly type = "not_acceptable";
}

/** An answer was over our limit for stanzas and was not read; asking for less may help. */
export class AnswerTooLargeError extends NotAcceptableError {
  override readonly name = "AnswerTooLargeError";
}

/** The server, the database or this build cannot do it. */
export class UnsupportedError extends LarderError {
  override readonly name = "UnsupportedError";
  override readonly type = "unsupported";
}

/** Whoever asks may not do this. */
export class ForbiddenError extends LarderError {
  override readonly name = "ForbiddenError";
  override readonly type = "forbidden";
}

/** The server did not accept who we are (RFC 6120 §6.5), or its mechanisms are not acceptable to us. */
export class AuthenticationError extends LarderError {
  override readonly name = "AuthenticationError";
  override readonly type = "auth_failed";
  declare readonly condition?: string;
  constructor(message: string, options?: ErrorOptions & { condition?: string }) {
    super(message, options);
    if (options?.condition !== undefined) this.condition = options.condition;
  }
}

/** No acceptable encryption: none offered, or a certificate that does not prove the account's domain. */
export class TlsError extends LarderError {
  override readonly name = "TlsError";
  override readonly type = "tls";
}

/** The server cannot be reached, or ended the stream. */
export class ConnectionError extends LarderError {
  override readonly name = "ConnectionError";
  override readonly type = "connection";
  override readonly retryable: boolean;
  declare readonly condition?: string;
  constructor(message: string, options?: ErrorOptions & { condition?: string; retryable?: boolean }) {
    super(message, options);
    this.retryable = options?.retryable ?? true;
    if (options?.condition !== undefined) this.condition = options.condition;
  }
}

/** The database refused or failed; nothing of the unit of work was kept. */
export class StorageError extends LarderError {
  override readonly name = "StorageError";
  override readonly type = "storage";
}

/**
 * The failure of a database behind an error, whichever package raised it.
 *
 * @returns undefined where the error is of another kind
 */
export function asStorageFailure(error: unknown): LarderError | undefined {
  if (!hasErrorType(error) || error.type !== "storage") return undefined;
  return error instanceof LarderError ? error : new StorageError(error.message, { cause: error });
}

/** Something that should not happen did. */
export class InternalError extends LarderError {
  override readonly name = "InternalError";
  override readonly type = "internal";
}
