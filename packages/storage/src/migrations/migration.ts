import type { QueryInterface, Transaction } from "sequelize";
import type { EngineName } from "../schema/description.js";
import type { SchemaEditor } from "../schema/editor.js";

/** What a migration works with; everything runs in one transaction. */
export interface MigrationContext {
  readonly engine: EngineName;
  /** Tables, columns, keys and indexes, with the same effect on both engines. */
  readonly schema: SchemaEditor;
  /** Runs one statement of SQL that the editor has no words for. */
  run(statement: string): Promise<void>;
  /** Says what the step is doing now, where that takes long. */
  progress(doing: string): void;
  /** For what Sequelize has words for; every call must pass `transaction`. */
  readonly queryInterface: QueryInterface;
  readonly transaction: Transaction;
}

/**
 * One step of the schema. The list of steps is code; a released one is never changed, and `revision`
 * is what shows that it was: it is raised by hand with any change before a release.
 *
 * On SQLite foreign keys are not enforced while a step runs, and all of them are checked before it is committed.
 */
export interface Migration {
  /** Sorts by time; recorded in the database; without a file extension. */
  readonly name: string;
  readonly revision: number;
  up(context: MigrationContext): Promise<void>;
  /** Undoes `up`; what data that costs stands in its docstring. */
  down(context: MigrationContext): Promise<void>;
}
