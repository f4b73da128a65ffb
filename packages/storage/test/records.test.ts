import sql from "sql-template-tag";
import { onEachEngine, temporaryStore } from "./support.js";

const columns = { id: "number", name: "text", same: "text", none: "text", bytes: "text" } as const;
const utf8 = new TextEncoder();

/** The number from which SQLite binds rows as one JSON text is among these. */
for (const count of [1, 60, 12_000])
  onEachEngine(
    `${count} bound rows are the table that they say, what they have alike included`,
    async (t, engine) => {
      const store = await temporaryStore(t, engine);
      const rows = Array.from({ length: count }, (_, n) => ({
        id: n - 3,
        name: n % 5 === 0 ? null : `"name" ${n} ž`,
        same: "one\nfor all",
        bytes: utf8.encode(`[${n}, "ž"]`),
      }));
      const found = await store.database.read(({ executor }) =>
        executor.all(sql`
        SELECT g.key AS place, g.id, g.name, g.same, g.none, g.bytes FROM ${executor.dialect.records(columns, rows)} AS g
        ORDER BY g.key`),
      );
      t.deepEqual(
        found.map((row) => ({
          ...(row as Record<string, unknown>),
          place: Number((row as { place: unknown }).place),
          id: Number((row as { id: unknown }).id),
        })),
        rows.map((row, place) => ({ ...row, place, none: null, bytes: `[${place}, "ž"]` })),
      );
    },
  );
