/** What an error of the PostgreSQL driver means for the unit of work it ended. */
export type PostgresFailure = "conflict" | "lost" | "other";

/** The code of an error, or an empty text. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** What an error is about: errors of Sequelize carry the driver's. */
export const original = (error: unknown): unknown =>
  error instanceof Error && error.name.startsWith("Sequelize") && "original" in error
    ? error.original
    : error;

const raised = new WeakSet<Error>();

/** Remembers an error as the driver's own: files and other sockets of a unit of work fail with the same codes. */
export async function ofDriver<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Error) raised.add(error);
    throw error;
  }
}

/**
 * What an error of a unit of work means; one that is not the driver's ({@link ofDriver}) is `other`.
 *
 * - `conflict`: another writer was in the way (serialization failure, deadlock); nothing was kept
 * - `lost`: there is no connection, or the server is not ready (SQLSTATE classes 08 and 57P, but for what we
 *   said wrongly)
 */
export function failureOf(error: unknown): PostgresFailure {
  const cause = original(error);
  const code = codeOf(cause);
  if (code === "40001" || code === "40P01") return "conflict";
  if (/^(08(?!P01)...|57P0[1235]|53300)$/.test(code)) return "lost";
  if (!(cause instanceof Error) || (cause === error && !raised.has(cause))) return "other";
  if (/^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/.test(code))
    return "lost";
  return /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/.test(
    cause.message,
  )
    ? "lost"
    : "other";
}
