import type { Engine } from "./engine.js";
import { UnsupportedDatabaseError } from "./errors.js";
import { addressOf } from "./postgres/connections.js";
import { PostgresEngine } from "./postgres/engine.js";
import { SqliteEngine } from "./sqlite/engine.js";

/** What a database URL names. */
export type DatabaseAddress = { kind: "sqlite"; file: string } | { kind: "postgres"; url: string };

/**
 * Reads `sqlite:PATH` or `postgres://…`.
 *
 * @throws {UnsupportedDatabaseError} it is neither; the message has no more of it than the scheme
 */
export function databaseAddress(url: string): DatabaseAddress {
  const file = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (file !== undefined) return { kind: "sqlite", file };
  if (/^postgres(?:ql)?:\/\//.test(url)) return { kind: "postgres", url };
  const scheme = /^[a-z]+:/i.exec(url)?.[0] ?? "none";
  throw new UnsupportedDatabaseError(
    `cannot use a database URL of the scheme ${scheme}; use sqlite:PATH or postgres://USER@HOST/DATABASE`,
  );
}

/** Where a database is, without user and password. */
export function databaseLocation(url: string): string {
  const address = databaseAddress(url);
  return address.kind === "sqlite" ? address.file : addressOf(address.url);
}

/** Connects to the database that the URL names; its schema may be of any state. */
export function openEngine(url: string): Promise<Engine> {
  const address = databaseAddress(url);
  return address.kind === "sqlite" ? SqliteEngine.open(address.file) : PostgresEngine.open(address.url);
}
