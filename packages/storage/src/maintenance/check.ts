import type { Engine } from "../engine.js";
import { asUnitError, StorageError } from "../errors.js";
import { migrationStatus } from "../migrator.js";
import { defineModels } from "../models/index.js";
import { schemaDifferences } from "../schema/create-migration.js";
import { type Executor, raw, sql } from "../sql.js";
import { isHeld, withEngine } from "./access.js";

export interface Problem {
  readonly what: string;
  /** What to do about it. */
  readonly remedy: string;
}

export interface CheckReport {
  /** Nothing was found where this is empty. */
  readonly problems: readonly Problem[];
  /** What could not be looked at, and why. */
  readonly skipped: readonly string[];
}

const RESTORE = "restore a backup with larderd db restore; nothing here can mend this";
const MAKE_ANEW = "larderd db export, and import that into a new database, makes it anew";
const MOST = 20;

type Check = (executor: Executor) => Promise<Problem[]>;

/** What the database says of a statement that must not fail; a database that fails itself is thrown. */
async function complaint(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const told = asUnitError(error, "checking");
    if (told instanceof StorageError && !told.retryable) return told.message;
    throw told;
  }
}

/** Pages, rows and indexes of the file. */
const filePages: Check = async (executor) => {
  const rows = await executor.all<{ integrity_check: string }>(raw(`PRAGMA integrity_check(${MOST})`));
  return rows
    .map((row) => row.integrity_check)
    .filter((said) => said !== "ok")
    .map((said) => ({ what: `the file is damaged: ${said.replaceAll("\n", " ")}`, remedy: RESTORE }));
};

const references: Check = async (executor) => {
  const rows = await executor.all<{ table: string; parent: string; n: number }>(
    sql`SELECT "table", parent, count(*) AS n FROM pragma_foreign_key_check() GROUP BY "table", parent`,
  );
  return rows.map(({ table, parent, n }) => ({
    what: `${n} rows of ${table} refer to rows of ${parent} that are gone`,
    remedy: RESTORE,
  }));
};

/** Indexes and rules that PostgreSQL has not finished or not verified. */
const unfinished: Check = async (executor) => {
  const rows = await executor.all<{ name: string }>(
    sql`SELECT i.relname AS name FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
          WHERE i.relnamespace = current_schema()::regnamespace AND NOT (x.indisvalid AND x.indisready)
        UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated`,
  );
  return rows.map(({ name }) => ({ what: `the index or rule ${name} is not valid`, remedy: MAKE_ANEW }));
};

const counts: Check = async (executor) => {
  const rows = await executor.all<{ service: string; node: string; items: number; n: number }>(
    sql`SELECT * FROM (SELECT p.service, p.node, p.items,
          (SELECT count(*) FROM pubsub_item i WHERE i.node_id = p.id AND i.position >= 0) AS n FROM pubsub_node p) AS counted
        WHERE items <> n ORDER BY service, node LIMIT ${MOST}`,
  );
  return rows.map(({ service, node, items, n }) => ({
    what: `the node ${node} of ${service} says it has ${items} items and has ${n}`,
    remedy: "larder pubsub cache sync, for that node, counts them anew",
  }));
};

const eventLog: Check = async (executor) => {
  const settings = new Map(
    (
      await executor.all<{ key: string; value: string }>(
        sql`SELECT key, value FROM setting WHERE key LIKE 'event\\_log.%' ESCAPE '\\'`,
      )
    ).map(({ key, value }) => [key.replace("event_log.", ""), value]),
  );
  const remedy = "larderd db export, and import that into a new database, begins a new event log";
  const problems: Problem[] = [];
  const epoch = settings.get("epoch");
  if (epoch !== undefined && !/^[0-9a-f]{8}$/.test(epoch))
    problems.push({ what: "the event log's epoch is not one", remedy });
  const pruned = Number(settings.get("pruned_to") ?? 0);
  const removed = Number(settings.get("removed_to") ?? pruned); // which first versions did not note
  if (!Number.isSafeInteger(pruned) || !Number.isSafeInteger(removed) || pruned > removed)
    problems.push({ what: "the event log's marks of what was removed contradict each other", remedy });
  const oldest = await executor.first<{ seq: number | null }>(sql`SELECT min(seq) AS seq FROM event_log`);
  if (oldest?.seq != null && oldest.seq <= pruned)
    problems.push({ what: "the event log has events that it says were removed", remedy });
  return problems;
};

/** Each full-text table against the texts of its rows. It takes the place of a writer while it looks. */
async function fullText(engine: Engine): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const table of ["message", "pubsub_item"]) {
    const index = `${table}_text_index`;
    const said = await complaint(() =>
      engine.write(({ executor }) =>
        executor.run(raw(`INSERT INTO ${index} (${index}, rank) VALUES ('integrity-check', 1)`)),
      ),
    );
    if (said !== undefined)
      problems.push({ what: `the full-text index of ${table} is not that of its rows`, remedy: MAKE_ANEW });
  }
  return problems;
}

/**
 * Looks for what is wrong with a database; repairs nothing.
 *
 * @param options.alone nobody else writes to it, so that checks which need the writer's place may run
 * @throws {StorageError} it cannot be read at all
 */
export async function checkEngine(
  engine: Engine,
  { alone }: { readonly alone: boolean },
): Promise<CheckReport> {
  const isFile = engine.dialect.name === "sqlite";
  const problems: Problem[] = [];
  const run = async (check: Check) => {
    const said = await complaint(async () => {
      problems.push(...(await engine.read(({ executor }) => check(executor))));
    });
    if (said !== undefined) problems.push({ what: said, remedy: RESTORE });
  };
  if (isFile) await run(filePages);
  if (problems.length > 0) return { problems, skipped: ["everything else: the file is damaged"] };

  const { applied, pending, unknown, changed } = await migrationStatus(engine);
  if (applied.length === 0)
    return {
      problems: [{ what: "it has no tables of Larder", remedy: "larderd makes them when it starts" }],
      skipped: [],
    };
  const [stranger] = [...unknown, ...changed];
  if (stranger !== undefined)
    return {
      problems: [
        {
          what: `it is of another build of Larder (migration ${stranger})`,
          remedy: "check it with that one",
        },
      ],
      skipped: ["everything else: its tables are not known here"],
    };
  await run(isFile ? references : unfinished);
  const skipped: string[] = [];
  if (pending.length > 0)
    skipped.push("tables and counts: the database is older than this program (larderd db migrate)");
  else {
    for (const { sentence } of await schemaProblems(engine))
      problems.push({ what: sentence, remedy: MAKE_ANEW });
    await run(counts);
  }
  await run(eventLog);
  if (isFile && alone) problems.push(...(await fullText(engine)));
  else if (isFile) skipped.push("the full-text index: a daemon is writing, stop it to have that checked too");
  return { problems, skipped };
}

/** What differs from the models; on a server, tables of other programs may stand beside ours. */
async function schemaProblems(engine: Engine) {
  const differences = await schemaDifferences({
    read: (work) => engine.read(work),
    models: defineModels(engine.sequelize),
  });
  return differences.filter(({ kind }) => kind !== "extra table" || engine.dialect.name === "sqlite");
}

/**
 * As {@link checkEngine}, for the database of a URL.
 *
 * @throws {StorageError} there is none, or it cannot be read at all
 */
export function checkDatabase(url: string): Promise<CheckReport> {
  return withEngine(url, async (engine) => checkEngine(engine, { alone: !(await isHeld(url)) }));
}
