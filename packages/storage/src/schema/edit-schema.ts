import type { Executor } from "../sql.js";
import type { EngineName } from "./description.js";
import type { SchemaEditor } from "./editor.js";
import { PostgresEditor } from "./postgres-editor.js";
import { SqliteEditor } from "./sqlite-editor.js";

/** The editor of the database that the executor writes to. */
export function editSchema(engine: EngineName, executor: Executor): SchemaEditor {
  return engine === "sqlite" ? new SqliteEditor(executor) : new PostgresEditor(executor);
}
