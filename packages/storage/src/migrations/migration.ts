import type { QueryInterface, Transaction } from "sequelize";

/** What a migration works with; every statement must pass `transaction`. */
export interface MigrationContext {
  readonly queryInterface: QueryInterface;
  readonly transaction: Transaction;
  /** Runs one statement of SQL that Sequelize has no words for. */
  run(statement: string): Promise<void>;
}

/**
 * One step of the schema. The list of steps is code; a released one is never changed, and `revision`
 * is what shows that it was: it is raised by hand with any change before a release.
 */
export interface Migration {
  /** Sorts by time; recorded in the database; without a file extension. */
  readonly name: string;
  readonly revision: number;
  up(context: MigrationContext): Promise<void>;
  down(context: MigrationContext): Promise<void>;
}
