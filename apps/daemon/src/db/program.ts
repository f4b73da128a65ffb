import { createReadStream } from "node:fs";
import type { InstancePaths } from "@larder/core";
import {
  backupDatabase,
  checkDatabase,
  type DatabaseStatus,
  databaseStatus,
  exportDatabase,
  exportDatabaseToFile,
  importDatabase,
  type MigrationProgress,
  migrateDatabase,
  restoreDatabase,
  rollbackDatabase,
  vacuumDatabase,
} from "@larder/storage";
import { Command } from "commander";
import { createMigrationFile } from "./migration.js";
import { counted, Output, size, withProgress } from "./output.js";
import { copySecrets, hasSecrets, requireSecretsCopy, restoreSecrets } from "./secrets-copy.js";

/** Set by a command that did what it was asked, and found that something is wrong. */
export type Outcome = "done" | "failed";

const STATES: Readonly<Record<DatabaseStatus["state"], string>> = {
  absent: "there is none yet: larderd makes it when it starts",
  empty: "it is there and has no tables yet: larderd makes them when it starts",
  older: "older than this program: larderd migrates it when it starts, or larderd db migrate",
  current: "up to date",
  newer: "newer than this program: update Larder, or restore an older backup",
  changed: "made by a build of Larder whose migrations were others: use that build",
};

function renderStatus({ engine, location, state, migrations, size: bytes, inUse }: DatabaseStatus): string {
  const list = (names: readonly string[]) => names.join(", ");
  return [
    `database    ${location} (${engine === "sqlite" ? "SQLite" : "PostgreSQL"})`,
    `state       ${STATES[state]}`,
    `size        ${size(bytes)}`,
    `in use      ${inUse ? "by a running daemon" : "by no daemon"}`,
    `applied     ${list(migrations.applied.map(({ name }) => name)) || "nothing"}`,
    ...(migrations.pending.length > 0 ? [`pending     ${list(migrations.pending)}`] : []),
    ...(migrations.unknown.length > 0 ? [`unknown     ${list(migrations.unknown)}`] : []),
    ...(migrations.changed.length > 0 ? [`changed     ${list(migrations.changed)}`] : []),
  ].join("\n");
}

/** Tells each step, and each part of a long one, on a terminal. */
function tellSteps({ migration, index, count, direction, doing }: MigrationProgress): void {
  if (!process.stderr.isTTY) return;
  const verb = direction === "up" ? "migrating" : "undoing";
  process.stderr.write(
    `${verb} ${migration} (${index + 1} of ${count})${doing === undefined ? "" : `: ${doing}`}\n`,
  );
}

const kept = (copy: string | undefined) =>
  copy === undefined ? "" : `\nthe database as it was is kept in ${copy}`;

const rowsIn = (rows: Readonly<Record<string, number>>) =>
  counted(
    Object.values(rows).reduce((sum, count) => sum + count, 0),
    "row",
  );

/**
 * `larderd db`: what an administrator does with the database, without a running daemon.
 *
 * @param paths of the instance
 * @param onOutcome told where a command ends without an error
 */
export function createDbProgram(paths: () => InstancePaths, onOutcome: (outcome: Outcome) => void): Command {
  const url = () => paths().databaseUrl;
  const db = new Command("larderd db").description(
    "Look after the database of this instance (LARDER_HOME, LARDER_DATABASE_URL).",
  );

  /** A command whose action gets its arguments, options and output. */
  const add = <Options>(
    parent: Command,
    usage: string,
    description: string,
    action: (args: string[], options: Options, out: Output) => Promise<void>,
  ): Command =>
    parent
      .command(usage)
      .description(description)
      .option("--json", "one JSON document on standard output, and nothing else there")
      .action(async (...all: unknown[]) => {
        const command = all.at(-1) as Command;
        const { json, ...options } = command.opts<{ json?: boolean }>();
        await action(command.args, options as Options, new Output(json === true));
      });

  add(
    db,
    "status",
    "Where the database is, and how it stands to this program.",
    async (_args, _options, out) => {
      const status = await databaseStatus(url());
      out.result(status, () => renderStatus(status));
    },
  );

  add(
    db,
    "migrate",
    "Bring the database to this program's schema; larderd does so when it starts.",
    async (_args, _options, out) => {
      const report = await migrateDatabase(url(), { onProgress: tellSteps });
      out.result(report, () => `${report.applied.join("\n") || "nothing to do"}${kept(report.copy)}`);
    },
  );

  add<{ to?: string }>(db, "rollback", "Undo the last migration.", async (_args, { to }, out) => {
    const report = await rollbackDatabase(url(), { onProgress: tellSteps, ...(to !== undefined && { to }) });
    out.result(
      report,
      () =>
        `${report.undone.map((name) => `undone: ${name}`).join("\n") || "nothing to do"}${kept(report.copy)}`,
    );
  }).option("--to <name>", "undo every migration after this one");

  add(
    db,
    "check",
    "Look for damage and for what does not fit together; repairs nothing.",
    async (_args, _options, out) => {
      const report = await checkDatabase(url());
      out.result(report, () =>
        [
          ...report.problems.map(({ what, remedy }) => `${what}\n    ${remedy}`),
          ...report.skipped.map((what) => `not checked: ${what}`),
          report.problems.length > 0
            ? `${counted(report.problems.length, "problem")} found`
            : "nothing wrong",
        ].join("\n"),
      );
      if (report.problems.length > 0) onOutcome("failed");
    },
  );

  add<{ withSecrets?: boolean }>(
    db,
    "backup <file>",
    "Write a copy of the database, also while a daemon runs.",
    async ([file = ""], { withSecrets }, out) => {
      const report = await withProgress("backup", ({ update }) =>
        backupDatabase(url(), file, { onProgress: update }),
      );
      const secrets = withSecrets === true ? await copySecrets(paths(), file) : undefined;
      const note = secrets
        ? `the passwords are in ${secrets}`
        : "passwords are not in it: --with-secrets takes them along";
      out.result(
        { ...report, ...(secrets && { secrets }) },
        () => `${report.file}: ${size(report.bytes)}\n${note}`,
      );
    },
  ).option("--with-secrets", "write passwords and tokens to FILE.secrets, for this user alone");

  add<{ replace?: boolean; withSecrets?: boolean }>(
    db,
    "restore <file>",
    "Put a backup or an export in the place of the database.",
    async ([file = ""], { replace, withSecrets }, out) => {
      if (withSecrets === true) await requireSecretsCopy(file);
      const report = await withProgress("restore", ({ update }) =>
        restoreDatabase(url(), file, { onProgress: update, replace: replace === true }),
      );
      const keptSecrets = withSecrets === true ? await restoreSecrets(paths(), file) : undefined;
      const missing = withSecrets !== true && !(await hasSecrets(paths()));
      out.result({ ...report, ...(keptSecrets && { keptSecrets }) }, () =>
        [
          `restored from ${file}${kept(report.kept)}`,
          ...(keptSecrets ? [`the passwords as they were are kept in ${keptSecrets}`] : []),
          ...(missing
            ? [
                "there are no passwords here: larder account password JID gives each account its own, once larderd runs",
              ]
            : []),
        ].join("\n"),
      );
    },
  )
    .option("--replace", "on PostgreSQL: also where the database is not empty; what it holds is lost")
    .option("--with-secrets", "take passwords and tokens from FILE.secrets");

  add(
    db,
    "vacuum",
    "Give back the room that deleted rows took, and overwrite them.",
    async (_args, _options, out) => {
      const report = await vacuumDatabase(url());
      out.result(report, () => `${size(report.before)} before, ${size(report.after)} now`);
    },
  );

  add(
    db,
    "export [file]",
    "Write everything as lines of JSON, for either kind of database; - is standard output.",
    async ([file = "-"], _options, out) => {
      await withProgress("export", async ({ update }) => {
        if (file === "-") await exportDatabase(url(), process.stdout, { onProgress: update });
        else {
          const report = await exportDatabaseToFile(url(), file, { onProgress: update });
          out.result({ file, ...report }, () => `${file}: ${rowsIn(report.rows)}`);
        }
      });
    },
  );

  add(
    db,
    "import <file>",
    "Fill a new or empty database with an export; - is standard input.",
    async ([file = ""], _options, out) => {
      const source = file === "-" ? process.stdin : createReadStream(file);
      const report = await withProgress("import", ({ update }) =>
        importDatabase(url(), source, { onProgress: update }),
      );
      out.result(report, () => `imported ${rowsIn(report.rows)}`);
    },
  );

  const migration = db.command("migration").description("For developers of Larder.");
  add<{ directory?: string }>(
    migration,
    "create <name>",
    "Write the base of a migration from what models and database differ in.",
    async ([name = ""], { directory }, out) => {
      const created = await createMigrationFile(name, directory);
      out.result(created, () =>
        [
          ...created.differences.map(({ sentence }) => sentence),
          `${created.file}: read it, say what it is for, and format it`,
        ].join("\n"),
      );
    },
  ).option("--directory <directory>", "of the migrations' sources, if not this checkout's");

  return db;
}
