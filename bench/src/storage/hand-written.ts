import type { EngineName } from "./target.js";

const ITEM =
  "i.id, i.node_id, i.item_id, i.publisher, i.created, i.updated, i.date_source, i.xml, i.parsed, i.parse_error, i.position";
const FOUND = `${ITEM}, n.account_id, n.service, n.node`;

/** What somebody would write by hand for just these questions. Values stand at `?`. */
interface Statements {
  /** Makes the index on `author.jid`. */
  readonly index: string;
  readonly page: string;
  readonly newest: string;
  readonly words: string;
  readonly ranked: string;
  readonly author: string;
  readonly node: string;
  readonly history: string;
  readonly before: string;
  readonly said: string;
  /** Words that must all be there, in the engine's words. */
  match(...words: string[]): string;
}

const withTexts = (messages: string) =>
  `SELECT m.*, t.lang, t.text FROM (${messages}) m LEFT JOIN message_text t ON t.message_id = m.id`;

const both = {
  page: `SELECT ${ITEM} FROM pubsub_item i WHERE node_id = ? AND position > ? ORDER BY position LIMIT 21`,
  newest: `SELECT ${ITEM} FROM pubsub_item i WHERE node_id = ? AND position >= 0 ORDER BY position DESC LIMIT 21`,
  node: `SELECT ${FOUND} FROM pubsub_item i JOIN pubsub_node n ON n.id = i.node_id
    WHERE n.node = ? AND n.service = ? AND i.position >= 0 ORDER BY i.updated DESC, i.id DESC LIMIT 20`,
  history: withTexts(
    "SELECT * FROM message WHERE account_id = 1 AND conversation = ? ORDER BY position DESC, id DESC LIMIT 51",
  ),
  before: withTexts(
    "SELECT * FROM message WHERE account_id = 1 AND conversation = ? AND position < ? ORDER BY position DESC, id DESC LIMIT 51",
  ),
};

const sqlite: Statements = {
  ...both,
  index: "CREATE INDEX IF NOT EXISTS bench_author ON pubsub_item (json_extract(parsed, '$.author.jid'))",
  words: `SELECT ${FOUND} FROM pubsub_item_text_index f CROSS JOIN pubsub_item i ON i.id = f.rowid JOIN pubsub_node n ON n.id = i.node_id
    WHERE pubsub_item_text_index MATCH ? AND i.position >= 0 ORDER BY i.updated DESC, i.id LIMIT 20`,
  ranked: `SELECT ${FOUND} FROM (SELECT rowid FROM pubsub_item_text_index WHERE pubsub_item_text_index MATCH ? ORDER BY rank LIMIT 20) f
    CROSS JOIN pubsub_item i ON i.id = f.rowid JOIN pubsub_node n ON n.id = i.node_id`,
  author: `SELECT ${FOUND} FROM pubsub_item i INDEXED BY bench_author JOIN pubsub_node n ON n.id = i.node_id
    WHERE json_extract(i.parsed, '$.author.jid') = ? AND i.position >= 0 ORDER BY i.updated DESC, i.id LIMIT 20`,
  said: withTexts(`SELECT m.* FROM message_text_index f CROSS JOIN message m ON m.id = f.rowid
    WHERE message_text_index MATCH ? ORDER BY m.position DESC, m.id DESC LIMIT 51`),
  match: (...words) => words.join(" "),
};

const numbered = (statement: string): string => {
  let number = 0;
  return statement.replaceAll("?", () => `$${++number}`);
};

const postgres: Statements = {
  page: numbered(both.page),
  newest: numbered(both.newest),
  node: numbered(both.node),
  history: numbered(both.history),
  before: numbered(both.before),
  index: "CREATE INDEX IF NOT EXISTS bench_author ON pubsub_item ((parsed #>> '{author,jid}'))",
  words: `SELECT ${FOUND} FROM pubsub_item i JOIN pubsub_node n ON n.id = i.node_id
    WHERE i.search_vector @@ CAST($1 AS tsquery) AND i.position >= 0 ORDER BY i.updated DESC, i.id LIMIT 20`,
  ranked: `SELECT ${FOUND} FROM (SELECT id FROM pubsub_item WHERE search_vector @@ CAST($1 AS tsquery)
      ORDER BY ts_rank(search_vector, CAST($1 AS tsquery)) DESC LIMIT 20) f
    JOIN pubsub_item i ON i.id = f.id JOIN pubsub_node n ON n.id = i.node_id`,
  author: `SELECT ${FOUND} FROM pubsub_item i JOIN pubsub_node n ON n.id = i.node_id
    WHERE i.parsed #>> '{author,jid}' = $1 AND i.position >= 0 ORDER BY i.updated DESC, i.id LIMIT 20`,
  said: withTexts(
    `SELECT * FROM message WHERE search_vector @@ CAST($1 AS tsquery) ORDER BY position DESC, id DESC LIMIT 51`,
  ),
  match: (...words) => words.join(" & "),
};

export const statementsFor = (engine: EngineName): Statements => (engine === "sqlite" ? sqlite : postgres);
