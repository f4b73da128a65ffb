/** The ends of what was read of an archive have their position also if no message stands there under its id. */
import { optional } from "./columns.js";
import type { Migration } from "./migration.js";

const columns = [
  ["archive_cursor", "newest_position"],
  ["archive_gap", "after_position"],
  ["archive_gap", "before_position"],
] as const;

export const archivePositions: Migration = {
  name: "2026.12.01T03.00.00.archive-positions",
  revision: 1,
  async up({ schema }) {
    for (const [table, column] of columns) await schema.addColumn(table, optional(column, "bigint"));
  },
  /** The time of such an end has to do again. */
  async down({ schema }) {
    for (const [table, column] of columns.toReversed()) await schema.dropColumn(table, column);
  },
};
