import type { BridgeErrorType } from "@larder/core";
import { codeOf, failureOf, original } from "./postgres/failures.js";

/**
 * The database refused or failed. Nothing of the unit of work it came from was kept, unless the message says
 * that this is not known: the connection was lost in the midst of the commit.
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

/** What everybody is told who comes after the closing. */
export const closedError = () => new StorageError("the database is closed", { retryable: true });

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

/** Bytes of UTF-8 that a text may have where it is part of a key; an index of PostgreSQL takes 2,704 for all its columns. */
export const MAX_KEY_BYTES = 800;

/** A text is too long to be part of a key: an id, an address or the name of a node. */
export class KeyTooLongError extends Error {
  override readonly name = "KeyTooLongError";
  readonly type: BridgeErrorType = "not_acceptable";
  readonly retryable = false;

  /** @param key what the text is called */
  constructor(
    readonly key: string,
    options?: ErrorOptions,
  ) {
    super(`${key}: has more than ${MAX_KEY_BYTES} bytes`, options);
  }
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

/** What an operator reads for SQLSTATE codes of PostgreSQL; the others keep the server's words. */
const sqlStates: Readonly<Record<string, { message: string; retryable: boolean }>> = {
  "53100": { message: "the disk is full", retryable: true },
  "53200": { message: "the server is out of memory", retryable: true },
  "25006": { message: "the database is read-only", retryable: false },
  "28P01": { message: "the server refuses the user or the password", retryable: false },
  "28000": { message: "the server refuses the user", retryable: false },
  "3D000": { message: "there is no such database: make it with createdb", retryable: false },
  "25P02": {
    message: "a statement of the unit of work failed, and it went on as if it had not",
    retryable: false,
  },
  "42501": { message: "the user may not do that in this database", retryable: false },
};

const isPostgresError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error &&
  "severity" in error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^[0-9A-Z]{5}$/.test(error.code);

/**
 * What an index of PostgreSQL could not take (SQLSTATE 54000): a key that no repository has checked. The
 * longest are refused before it is said for which index.
 */
function overlongIndex(error: unknown): string | undefined {
  const cause = original(error);
  if (!isPostgresError(cause) || cause.code !== "54000") return undefined;
  if (!cause.message.startsWith("index row ")) return undefined;
  return / index "([^"]+)"/.exec(cause.message)?.[1] ?? "a key";
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What an operator reads for the errors that engines report by code; the others keep the engine's words. */
function explain(error: unknown): { message: string; retryable: boolean } {
  const text = said(error);
  const cause = original(error);
  if (failureOf(error) === "lost")
    return {
      message: `the database server cannot be reached (${text || codeOf(cause)})`,
      retryable: true,
    };
  if (isPostgresError(cause))
    return sqlStates[cause.code] ?? { message: text, retryable: failureOf(error) === "conflict" };
  if (text.includes("client password must be a string"))
    return {
      message:
        "the server asks for a password and none is known: put it into LARDER_DATABASE_URL (postgres://USER:PASSWORD@HOST/DATABASE), PGPASSWORD or ~/.pgpass",
      retryable: false,
    };
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

/** Whether the database raised it, not the caller's own work. */
export function isDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    codeOf(error).startsWith("SQLITE_") ||
    error.name.startsWith("Sequelize") ||
    error.message.startsWith("SQLITE_") ||
    isPostgresError(error) ||
    failureOf(error) === "lost"
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
    error instanceof KeyTooLongError ||
    error instanceof InvalidQueryError ||
    error instanceof UnsupportedDatabaseError
  ) {
    return error;
  }
  if (
    said(error).includes("SQLITE_CONSTRAINT") ||
    (isPostgresError(error) && error.code.startsWith("23")) ||
    (error instanceof Error && /Constraint|Validation/.test(error.name))
  ) {
    return new ConstraintError(`${doing}: ${said(error)}`, { cause: error });
  }
  const index = overlongIndex(error);
  if (index !== undefined) return new KeyTooLongError(index, { cause: error });
  const { message, retryable } = explain(error);
  return new StorageError(`${doing}: ${message}`, { cause: error, retryable });
}
