export {
  type BackupReport,
  backupDatabase,
  exportDatabase,
  exportDatabaseToFile,
  type WorkOptions,
  type WorkProgress,
} from "./backup.js";
export { migrateDatabase, rollbackDatabase, vacuumDatabase } from "./change.js";
export { type CheckReport, checkDatabase, type Problem } from "./check.js";
export { importDatabase, type RestoreReport, restoreDatabase } from "./restore.js";
export { type DatabaseStatus, databaseStatus } from "./status.js";
