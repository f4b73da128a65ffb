import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ReadUnit } from "../database.js";
import { migrationStatus } from "../migrator.js";
import { compareSchemas, type SchemaDifference } from "./differences.js";
import { migrationSource } from "./migration-source.js";
import { readModels } from "./model-reader.js";
import { operationsFor } from "./operations.js";
import { readSchema } from "./read-schema.js";

/** A database whose schema can be read; {@link Database} is one. */
export interface ReadableDatabase {
  read<T>(work: (unit: ReadUnit) => Promise<T>): Promise<T>;
}

/**
 * What the database has otherwise than the models say.
 *
 * @param models mapped classes; by default those of the database itself
 */
export function schemaDifferences(
  database: ReadableDatabase & { readonly models?: object },
  models: Iterable<unknown> = Object.values(database.models ?? {}),
): Promise<SchemaDifference[]> {
  return database.read(async ({ executor }) =>
    compareSchemas(executor.dialect.name, readModels(models), await readSchema(executor)),
  );
}

export interface NewMigration {
  /** What the step is called, after its time: lower-case words with hyphens. */
  readonly name: string;
  /** Directory of the migrations' sources, with their `index.ts`. */
  readonly directory: string;
  /** A database that has all steps up to now, of either engine. */
  readonly database: ReadableDatabase & { readonly models?: object };
  /** By default those of the database itself. */
  readonly models?: Iterable<unknown>;
  /** By default the present. */
  readonly now?: Date;
}

export interface CreatedMigration {
  /** With its time, as it will be recorded. */
  readonly name: string;
  readonly file: string;
  /** What it is made of; where it is empty the step does nothing yet. */
  readonly differences: readonly SchemaDifference[];
}

const camelCase = (name: string) => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Adds a step at the end of the list of all. */
function withEntry(list: string, variable: string, name: string): string {
  const imports = list.replace(
    'import type { Migration } from "./migration.js";',
    `import { ${variable} } from "./${name}.js";\n$&`,
  );
  const entries = /(export const migrations[^=]*= \[)([^\]]*)(\];)/;
  const found = entries.exec(imports);
  if (imports === list || !found) throw new Error("the list of migrations is not written as expected");
  const names = [...(found[2] ?? "").split(",").map((entry) => entry.trim()), variable].filter(Boolean);
  return imports.replace(entries, `$1${names.join(", ")}$3`);
}

/**
 * Writes the file of a new migration, `up` and `down`, from the difference between models and database, and enters
 * it in the list of all. It is a beginning: read it, say what it is for, and format it. Both directions run on both
 * engines as they are, but what is no change of a schema (moving data, renaming) is for you to write.
 *
 * Types of what is dropped are read from this database, and SQLite does not tell a JSON column that is searched from
 * text, nor an id of nothing from a count: where that matters, look at `down`.
 *
 * @throws {Error} the name does not fit, a later migration is there, the database lacks a step, or tables refer to
 *   each other in a circle
 */
export async function createMigration(options: NewMigration): Promise<CreatedMigration> {
  const { directory, now = new Date() } = options;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(options.name)) {
    throw new Error(`a migration's name is made of lower-case words with hyphens, and not: ${options.name}`);
  }
  const time = now.toISOString().slice(0, 19).replaceAll("-", ".").replaceAll(":", ".");
  const name = `${time}.${options.name}`;
  const variable = camelCase(options.name);
  const listFile = path.join(directory, "index.ts");
  const list = await readFile(listFile, "utf8");
  const newest = [...list.matchAll(/"\.\/(\d{4}\.[^"]+)\.js"/g)]
    .map((match) => String(match[1]))
    .sort()
    .at(-1);
  if (newest !== undefined && newest.slice(0, time.length) >= time) {
    throw new Error(
      `the migration ${newest} is not older than this one would be (${time}): is the clock right?`,
    );
  }
  // As a name of the program; a file's name may have it among others.
  if (new RegExp(`(?<![\\w.-])${variable}(?![\\w-])`).test(list))
    throw new Error(`there is a migration called ${options.name}`);
  const { pending } = await migrationStatus(options.database);
  if (pending.length > 0) throw new Error(`the database lacks ${pending.join(", ")}: migrate it first`);
  const differences = await schemaDifferences(options.database, options.models);
  const text = migrationSource({ name, variable, operations: operationsFor(differences) });
  const entered = withEntry(list, variable, name);
  const file = path.join(directory, `${name}.ts`);
  await writeFile(file, text, { flag: "wx" });
  await writeFile(listFile, entered);
  return { name, file, differences };
}
