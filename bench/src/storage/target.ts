import { copyFile } from "node:fs/promises";
import type { PostgresServer } from "@larder/testing";
import { type BareDriver, openBareSqlite, PRAGMAS } from "./bare.js";
import { openBarePostgres } from "./bare-postgres.js";

export type EngineName = "sqlite" | "postgres";

/** A database that both sides of a measurement use. */
export interface Target {
  readonly engine: EngineName;
  readonly url: string;
  /** How the bare side begins a transaction that makes the same promises. */
  readonly begin: string;
  /** A connection with the product's settings. */
  bare(): Promise<BareDriver>;
  /** A connection for filling the database, with no promises. */
  builder(): Promise<BareDriver>;
  /** A copy; nobody may be connected. */
  twin(): Promise<Target>;
}

export function sqliteTarget(file: string): Target {
  let twins = 0;
  return {
    engine: "sqlite",
    url: `sqlite:${file}`,
    begin: "BEGIN IMMEDIATE",
    bare: () => openBareSqlite(file),
    builder: () =>
      openBareSqlite(
        file,
        `${PRAGMAS}; PRAGMA synchronous = OFF; PRAGMA secure_delete = OFF; PRAGMA cache_size = -200000`,
      ),
    async twin() {
      const twin = `${file}.twin${++twins}`;
      await copyFile(file, twin);
      return sqliteTarget(twin);
    },
  };
}

export function postgresTarget(server: PostgresServer, url: string): Target {
  return {
    engine: "postgres",
    url,
    begin: "BEGIN ISOLATION LEVEL SERIALIZABLE",
    bare: () => openBarePostgres(url),
    async builder() {
      const bare = await openBarePostgres(url);
      await bare.all("SET synchronous_commit = off");
      return bare;
    },
    twin: async () => postgresTarget(server, await server.createDatabase({ template: url })),
  };
}
