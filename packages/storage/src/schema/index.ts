export {
  type CreatedMigration,
  createMigration,
  type NewMigration,
  type ReadableDatabase,
  schemaDifferences,
} from "./create-migration.js";
export type * from "./description.js";
export type { SchemaDifference } from "./differences.js";
export type { SchemaEditor } from "./editor.js";
