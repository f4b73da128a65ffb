/** What an error of the PostgreSQL driver means for the unit of work it ended. */
export type PostgresFailure = "conflict" | "lost" | "other";

/** The code of an error, or an empty text. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** Errors of Sequelize carry the driver's. */
const original = (error: unknown): unknown =>
  error instanceof Error && "original" in error && error.original ? error.original : error;

/**
 * - `conflict`: another writer was in the way (serialization failure, deadlock); nothing was kept
 * - `lost`: there is no connection, or the server is not ready (SQLSTATE classes 08 and 57P)
 */
export function failureOf(error: unknown): PostgresFailure {
  const cause = original(error);
  const code = codeOf(cause);
  if (code === "40001" || code === "40P01") return "conflict";
  if (/^(08...|57P0[1235]|53300)$/.test(code)) return "lost";
  if (/^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/.test(code))
    return "lost";
  const said = cause instanceof Error ? cause.message : "";
  return /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/.test(
    said,
  )
    ? "lost"
    : "other";
}
