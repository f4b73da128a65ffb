/**
 * What a history needs beside its messages (conversations, threads, further ids, earlier versions, removals, archive
 * cursors and gaps, rooms), and a cache that accounts share (readers, item versions, attachments).
 */
import { index, optional, refers, required, table, uniqueIndex } from "./columns.js";
import type { Migration } from "./migration.js";

const id = required("id", "id");
const accountId = required("account_id", "key");
const ofAccount = refers("account_id", "account");
const ofMessage = refers("message_id", "message");
const ofNode = refers("node_id", "pubsub_node");

const tables = [
  table(
    "conversation",
    [
      id,
      accountId,
      required("jid", "text"),
      required("type", "text"),
      optional("name", "text"),
      optional("last_message_id", "key"),
      optional("last_timestamp", "instant"),
      required("unread", "count", 0),
      optional("displayed_message_id", "key"),
      optional("displayed_timestamp", "instant"),
      optional("displayed_stanza_id", "text"),
      optional("displayed_stanza_id_by", "text"),
    ],
    {
      foreignKeys: [
        ofAccount,
        refers("last_message_id", "message", "SET NULL"),
        refers("displayed_message_id", "message", "SET NULL"),
      ],
      indexes: [
        uniqueIndex("conversation_by_jid", ["account_id", "jid"]),
        index("conversation_by_time", ["last_timestamp", "id"]),
        index("conversation_of_account_by_time", ["account_id", "last_timestamp", "id"]),
        index("conversation_by_last_message", ["last_message_id"]),
        index("conversation_by_displayed_message", ["displayed_message_id"]),
      ],
    },
  ),
  table(
    "thread",
    [
      id,
      accountId,
      required("conversation", "text"),
      required("thread", "text"),
      optional("parent", "text"),
      required("created_at", "instant"),
      required("updated_at", "instant"),
    ],
    {
      foreignKeys: [ofAccount],
      indexes: [
        uniqueIndex("thread_by_name", ["account_id", "conversation", "thread"]),
        index("thread_by_time", ["account_id", "conversation", "updated_at"]),
      ],
    },
  ),
  table(
    "message_alias",
    [
      id,
      required("message_id", "key"),
      accountId,
      required("conversation", "text"),
      required("kind", "text"),
      required("value", "text"),
      required("given_by", "text"),
      required("correction", "flag", false),
    ],
    {
      foreignKeys: [ofMessage, ofAccount],
      indexes: [
        index("message_alias_by_value", ["account_id", "conversation", "value"]),
        uniqueIndex("message_alias_by_stanza_id", ["account_id", "given_by", "value"], "kind = 'stanza'"),
        uniqueIndex("message_alias_of_message", ["message_id", "kind", "given_by", "value"]),
      ],
    },
  ),
  table(
    "message_version",
    [
      id,
      required("message_id", "key"),
      required("number", "count"),
      required("bodies", "json", "[]"),
      required("subjects", "json", "[]"),
      required("timestamp", "instant"),
      required("replaced_at", "instant"),
      optional("raw", "text"),
    ],
    {
      foreignKeys: [ofMessage],
      indexes: [uniqueIndex("message_version_by_number", ["message_id", "number"])],
    },
  ),
  table(
    "message_removal",
    [
      id,
      accountId,
      required("conversation", "text"),
      required("kind", "text"),
      required("value", "text"),
      required("given_by", "text"),
      required("timestamp", "instant"),
    ],
    {
      foreignKeys: [ofAccount],
      indexes: [
        uniqueIndex("message_removal_by_value", ["account_id", "conversation", "value", "kind", "given_by"]),
      ],
    },
  ),
  table(
    "archive_cursor",
    [
      accountId,
      required("archive", "text"),
      optional("newest_id", "text"),
      optional("newest_time", "instant"),
      optional("oldest_id", "text"),
      optional("oldest_time", "instant"),
      required("start_reached", "flag", false),
      optional("caught_up_at", "instant"),
    ],
    { primaryKey: ["account_id", "archive"], foreignKeys: [ofAccount] },
  ),
  table(
    "archive_gap",
    [
      id,
      accountId,
      required("archive", "text"),
      optional("after_id", "text"),
      optional("after_time", "instant"),
      optional("before_id", "text"),
      optional("before_time", "instant"),
      required("found_at", "instant"),
      required("attempts", "count", 0),
      optional("last_error", "json"),
    ],
    {
      foreignKeys: [ofAccount],
      indexes: [index("archive_gap_by_archive", ["account_id", "archive", "before_time"])],
    },
  ),
  table(
    "room",
    [
      accountId,
      required("jid", "text"),
      optional("nick", "text"),
      optional("name", "text"),
      required("autojoin", "flag", false),
      required("joined", "flag", false),
      required("bookmarked", "flag", false),
      optional("extensions", "text"),
      optional("subject", "text"),
      required("occupant_ids", "flag", false),
      optional("last_error", "json"),
      required("updated_at", "instant"),
    ],
    {
      primaryKey: ["account_id", "jid"],
      foreignKeys: [ofAccount],
      indexes: [index("room_joined", ["account_id"], "joined")],
    },
  ),
  table("pubsub_node_reader", [required("node_id", "key"), accountId], {
    primaryKey: ["node_id", "account_id"],
    foreignKeys: [ofNode, ofAccount],
    indexes: [index("pubsub_node_reader_by_account", ["account_id", "node_id"])],
  }),
  table(
    "pubsub_item_version",
    [
      id,
      required("pubsub_item_id", "key"),
      required("number", "count"),
      optional("publisher", "text"),
      required("xml", "text"),
      required("updated", "instant"),
      required("replaced_at", "instant"),
    ],
    {
      foreignKeys: [refers("pubsub_item_id", "pubsub_item")],
      indexes: [uniqueIndex("pubsub_item_version_by_number", ["pubsub_item_id", "number"])],
    },
  ),
  table(
    "pubsub_attachment",
    [
      id,
      required("node_id", "key"),
      required("service", "text"),
      required("node", "text"),
      required("item_id", "text"),
      required("publisher", "text"),
      required("noticed", "flag", false),
      optional("noticed_at", "instant"),
      required("reactions", "json", "[]"),
      optional("reactions_at", "instant"),
      required("xml", "text"),
      required("updated", "instant"),
    ],
    {
      foreignKeys: [ofNode],
      indexes: [
        uniqueIndex("pubsub_attachment_by_publisher", ["node_id", "publisher"]),
        index("pubsub_attachment_by_item", ["service", "node", "item_id"]),
      ],
    },
  ),
];

const accountByTime = index("message_of_account_by_time", ["account_id", "timestamp", "id"]);
const nodeByUpdated = index("pubsub_item_of_node_by_updated", ["node_id", "updated", "position"]);

export const histories: Migration = {
  name: "2026.11.23T08.00.00.histories",
  revision: 1,
  async up({ schema, engine, run, progress }) {
    for (const description of tables) await schema.createTable(description);
    progress("letting accounts share cached nodes");
    await schema.changeColumn("pubsub_node", optional("account_id", "key"));
    await schema.addIndex(
      "pubsub_node",
      uniqueIndex("pubsub_node_shared", ["service", "node"], "account_id IS NULL"),
    );
    progress("indexing messages and items by time");
    await schema.addIndex("message", accountByTime);
    await schema.addIndex("pubsub_item", nodeByUpdated);
    progress("counting the items of cached nodes");
    await schema.addColumn("pubsub_node", required("items", "count", 0));
    await run(
      "UPDATE pubsub_node SET items = (SELECT count(*) FROM pubsub_item WHERE node_id = pubsub_node.id AND position >= 0)",
    );
    await schema.addColumn("pubsub_node", required("last_position", "bigint", -1));
    progress("numbering the texts of messages");
    await schema.addColumn("message_text", required("position", "count", 0));
    const row = engine === "sqlite" ? "rowid" : "ctid"; // until now only the rows' own order told
    await run(`UPDATE message_text SET position = numbered.place FROM (
      SELECT message_id AS message, kind AS sort, lang AS language,
        row_number() OVER (PARTITION BY message_id ORDER BY ${row}) - 1 AS place FROM message_text) AS numbered
      WHERE message_id = numbered.message AND kind = numbered.sort AND lang = numbered.language AND numbered.place > 0`);
  },
  /**
   * What stands in the new tables is lost, and so are the cached nodes that accounts share: the earlier schema has no
   * place for them, and the cache fills again.
   */
  async down({ schema, run }) {
    await run(
      "DELETE FROM pubsub_item WHERE node_id IN (SELECT id FROM pubsub_node WHERE account_id IS NULL)",
    );
    for (const { name } of tables.toReversed()) await schema.dropTable(name);
    await run("DELETE FROM pubsub_node WHERE account_id IS NULL");
    for (const { name } of [accountByTime, nodeByUpdated]) await schema.dropIndex(name);
    await schema.dropIndex("pubsub_node_shared");
    await schema.dropColumn("message_text", "position");
    await schema.dropColumn("pubsub_node", "last_position");
    await schema.dropColumn("pubsub_node", "items");
    await schema.changeColumn("pubsub_node", required("account_id", "key"));
  },
};
