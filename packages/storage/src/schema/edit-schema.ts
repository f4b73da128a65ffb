import type { Executor } from "../sql.js";
import type { SchemaEditor } from "./editor.js";
import { PostgresEditor } from "./postgres-editor.js";
import { SqliteEditor } from "./sqlite-editor.js";

/** The editor of the database that the executor writes to. */
export function editSchema(executor: Executor): SchemaEditor {
  return executor.dialect.name === "sqlite" ? new SqliteEditor(executor) : new PostgresEditor(executor);
}
