import type { BridgeErrorType } from "@larder/core";

/**
 * The database refused or failed. Nothing of the unit of work it came from was kept.
 *
 * `type` and `retryable` have the meaning that the bridge gives them.
 */
export class StorageError extends Error {
  override readonly name: string = "StorageError";
  readonly type: BridgeErrorType = "storage";
  constructor(message: string, options?: ErrorOptions & { retryable?: boolean }) {
    super(message, options);
    this.retryable = options?.retryable ?? false;
  }
  readonly retryable: boolean;
}

/**
 * A statement broke a rule of the schema. The database is well and the same statement would fail again:
 * this is a fault of the program, not of the disk.
 */
export class ConstraintError extends Error {
  override readonly name = "ConstraintError";
  readonly type: BridgeErrorType = "internal";
  readonly retryable = false;
}

/** Something the database does not hold: a cursor too old or from another log, a uid nobody has. */
export class RowNotFoundError extends Error {
  override readonly name = "RowNotFoundError";
  readonly type: BridgeErrorType = "not_found";
  readonly retryable = false;
}

/** A row with this key is there already. */
export class DuplicateError extends Error {
  override readonly name = "DuplicateError";
  readonly type: BridgeErrorType = "conflict";
  readonly retryable = false;
}

/** This build cannot do it with this database. */
export class UnsupportedDatabaseError extends Error {
  override readonly name = "UnsupportedDatabaseError";
  readonly type: BridgeErrorType = "unsupported";
  readonly retryable = false;
}

/** A search that cannot be run as asked; `path` names the part of the request. */
export class InvalidQueryError extends Error {
  override readonly name = "InvalidQueryError";
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What an operator reads for the errors that SQLite reports by code; the others keep SQLite's words. */
function explain(error: unknown): { message: string; retryable: boolean } {
  const text = said(error);
  if (text.includes("SQLITE_FULL")) return { message: "the disk is full", retryable: true };
  if (text.includes("SQLITE_READONLY"))
    return { message: "the database file is read-only", retryable: false };
  if (text.includes("SQLITE_NOTADB")) return { message: "the file is not a database", retryable: false };
  if (text.includes("SQLITE_CORRUPT")) return { message: "the database file is damaged", retryable: false };
  if (text.includes("SQLITE_BUSY") || text.includes("SQLITE_LOCKED")) {
    return { message: "another program keeps the database locked", retryable: true };
  }
  if (text.includes("SQLITE_CANTOPEN"))
    return { message: "the database file cannot be opened", retryable: false };
  if (text.includes("SQLITE_IOERR"))
    return { message: "reading or writing the database file failed", retryable: true };
  return { message: text, retryable: false };
}

function isDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    code.startsWith("SQLITE_") || error.name.startsWith("Sequelize") || error.message.startsWith("SQLITE_")
  );
}

/** As {@link asStorageError} for what the database raised; an error of the caller's own work stays what it is. */
export function asUnitError(error: unknown, doing: string): unknown {
  return isDatabaseFailure(error) ? asStorageError(error, doing) : error;
}

/** Gives any failure below the repositories the storage type, keeping the cause and leaving typed ones alone. */
export function asStorageError(error: unknown, doing: string): Error {
  if (
    error instanceof StorageError ||
    error instanceof ConstraintError ||
    error instanceof RowNotFoundError ||
    error instanceof DuplicateError ||
    error instanceof InvalidQueryError ||
    error instanceof UnsupportedDatabaseError
  ) {
    return error;
  }
  if (
    said(error).includes("SQLITE_CONSTRAINT") ||
    (error instanceof Error && /Constraint|Validation/.test(error.name))
  ) {
    return new ConstraintError(`${doing}: ${said(error)}`, { cause: error });
  }
  const { message, retryable } = explain(error);
  return new StorageError(`${doing}: ${message}`, { cause: error, retryable });
}
