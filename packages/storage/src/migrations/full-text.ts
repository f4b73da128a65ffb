import type { MigrationContext } from "./migration.js";

/** The words are cut and folded before they come here, so the tokenizer has only to split at the blanks. */
function ftsTable(table: string): string[] {
  const index = `${table}_text_index`;
  const remove = `INSERT INTO ${index}(${index}, rowid, search_text) VALUES ('delete', old.id, old.search_text)`;
  const insert = `INSERT INTO ${index}(rowid, search_text) VALUES (new.id, new.search_text)`;
  return [
    `CREATE VIRTUAL TABLE ${index} USING fts5(search_text, content='${table}', content_rowid='id', tokenize='ascii')`,
    `INSERT INTO ${index}(${index}, rank) VALUES ('secure-delete', 1)`,
    `CREATE TRIGGER ${index}_insert AFTER INSERT ON ${table} BEGIN ${insert}; END`,
    `CREATE TRIGGER ${index}_delete AFTER DELETE ON ${table} BEGIN ${remove}; END`,
    `CREATE TRIGGER ${index}_update AFTER UPDATE OF search_text ON ${table} WHEN old.search_text IS NOT new.search_text
       BEGIN ${remove}; ${insert}; END`,
  ];
}

const LEXEME = String.raw`'''' || replace(replace(left(piece, 511), '\', '\\'), '''', '''''') || ''':' || least(place, 16383)`;
const PIECES =
  "unnest(string_to_array(words, ' ')) WITH ORDINALITY AS pieces(piece, place) WHERE piece <> ''";

/**
 * Words to a vector with their places, for any text: a word is cut at 511 characters (a lexeme has at most 2046
 * bytes), and places end at 16383. A vector has at most 1 MiB: no more than three times the text, so that only a long
 * text has to be measured word by word, and ends where the vector is full.
 */
const WORDS_FUNCTION = `CREATE FUNCTION larder_words(words text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT CASE WHEN octet_length(words) < 349000
      THEN (SELECT coalesce(string_agg(${LEXEME}, ' '), '')::tsvector FROM ${PIECES})
      ELSE (SELECT coalesce(string_agg(lexeme, ' '), '')::tsvector FROM (
        SELECT ${LEXEME} AS lexeme, sum(least(octet_length(piece), 2044) + 8) OVER (ORDER BY place) AS bytes
        FROM ${PIECES}) AS measured WHERE bytes < 1000000)
      END
  $$`;

const searchVector = (table: string): string[] => [
  `ALTER TABLE ${table} ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (larder_words(search_text)) STORED`,
  `CREATE INDEX ${table}_by_search_vector ON ${table} USING gin (search_vector)`,
];

/** Makes `search_text` of the tables searchable, by what each engine has for it. */
export async function addFullText(
  { engine, run }: Pick<MigrationContext, "engine" | "run">,
  tables: readonly string[],
): Promise<void> {
  if (engine === "postgres") await run(WORDS_FUNCTION);
  for (const table of tables)
    for (const statement of engine === "sqlite" ? ftsTable(table) : searchVector(table)) await run(statement);
}

/** Undoes {@link addFullText}. */
export async function dropFullText(
  { engine, run }: Pick<MigrationContext, "engine" | "run">,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables)
    await run(
      engine === "sqlite"
        ? `DROP TABLE ${table}_text_index`
        : `ALTER TABLE ${table} DROP COLUMN search_vector`,
    );
  if (engine === "postgres") await run("DROP FUNCTION larder_words(text)");
}
