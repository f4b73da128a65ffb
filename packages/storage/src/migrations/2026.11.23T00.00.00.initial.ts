/**
 * The first tables: accounts and rosters, messages with the reactions ledger, cached pubsub nodes and
 * items, the event log and settings; and the full text of messages and items.
 */
import { optional, refers, required, table } from "./columns.js";
import { addFullText, dropFullText } from "./full-text.js";
import type { Migration } from "./migration.js";

const id = required("id", "id");
const accountId = required("account_id", "key");
const ofAccount = [refers("account_id", "account")];

const tables = [
  table(
    "account",
    [
      id,
      required("jid", "text"),
      optional("service", "text"),
      optional("resource", "text"),
      required("auto_connect", "flag", true),
      required("tls", "text", "required"),
      optional("ca_file", "text"),
      required("allow_plaintext", "flag", false),
      optional("roster_version", "text"),
      optional("last_error", "json"),
      required("removed", "flag", false),
      required("created_at", "instant"),
    ],
    { unique: [["jid"]] },
  ),
  table(
    "roster_contact",
    [
      accountId,
      required("jid", "text"),
      optional("name", "text"),
      required("subscription", "text", "none"),
      optional("ask", "text"),
      required("groups", "json", "[]"),
    ],
    { primaryKey: ["account_id", "jid"], foreignKeys: ofAccount },
  ),
  table(
    "message",
    [
      id,
      required("uid", "text"),
      accountId,
      required("conversation", "text"),
      required("direction", "text"),
      required("type", "text"),
      required("from_jid", "text"),
      required("to_jid", "text"),
      required("sender", "text"),
      optional("wire_id", "text"),
      optional("origin_id", "text"),
      optional("stanza_id", "text"),
      optional("stanza_id_by", "text"),
      optional("thread", "text"),
      optional("reply_to_id", "text"),
      required("timestamp", "instant"),
      required("received_at", "instant"),
      optional("state", "text"),
      optional("error", "json"),
      optional("nick", "text"),
      optional("occupant_id", "text"),
      optional("real_jid", "text"),
      optional("edited", "instant"),
      optional("retracted", "instant"),
      required("delayed", "flag", false),
      optional("encrypted", "text"),
      optional("raw", "text"),
      required("extra", "json", "{}"),
      required("search_text", "text", ""),
    ],
    { unique: [["uid"]], foreignKeys: ofAccount },
  ),
  table(
    "message_text",
    [
      required("message_id", "key"),
      required("kind", "text"),
      required("lang", "text", ""),
      required("text", "text"),
    ],
    { primaryKey: ["message_id", "kind", "lang"], foreignKeys: [refers("message_id", "message")] },
  ),
  table(
    "reaction",
    [
      accountId,
      required("conversation", "text"),
      required("target", "text"),
      required("sender", "text"),
      required("emojis", "json"),
      required("timestamp", "instant"),
      optional("stanza_wire_id", "text"),
      optional("previous_emojis", "json"),
    ],
    { primaryKey: ["account_id", "conversation", "target", "sender"], foreignKeys: ofAccount },
  ),
  table(
    "send_request",
    [
      accountId,
      required("request_id", "text"),
      required("result", "text"),
      required("created_at", "instant"),
    ],
    { primaryKey: ["account_id", "request_id"], foreignKeys: ofAccount },
  ),
  table(
    "pubsub_node",
    [
      id,
      accountId,
      required("service", "text"),
      required("node", "text"),
      optional("analyser", "text"),
      optional("type", "text"),
      optional("subtype", "text"),
      required("state", "text"),
      required("subscribed", "flag", false),
      required("generation", "count", 0),
      optional("last_sync", "instant"),
      optional("last_check", "instant"),
      optional("last_error", "json"),
    ],
    { foreignKeys: ofAccount },
  ),
  table(
    "pubsub_item",
    [
      id,
      required("node_id", "key"),
      required("item_id", "text"),
      optional("publisher", "text"),
      required("created", "instant"),
      required("updated", "instant"),
      required("date_source", "text"),
      required("xml", "text"),
      optional("parsed", "queried-json"),
      optional("parsed_folded", "queried-json"),
      optional("parse_error", "text"),
      optional("parser", "text"),
      required("position", "bigint"),
      optional("next_position", "bigint"),
      required("generation", "count"),
      required("search_text", "text", ""),
    ],
    { foreignKeys: [refers("node_id", "pubsub_node")] },
  ),
  table(
    "pubsub_subscription",
    [
      accountId,
      required("service", "text"),
      required("node", "text"),
      required("subid", "text", ""),
      required("state", "text"),
    ],
    { primaryKey: ["account_id", "service", "node", "subid"], foreignKeys: ofAccount },
  ),
  table(
    "event_log",
    [
      required("seq", "id"),
      required("signal", "text"),
      optional("account_id", "key"),
      required("data", "json"),
      required("created_at", "instant"),
    ],
    { primaryKey: ["seq"] },
  ),
  table("setting", [required("key", "text"), required("value", "text")], { primaryKey: ["key"] }),
];

const searched = ["message", "pubsub_item"];

const indexes = [
  "CREATE INDEX message_by_conversation ON message (account_id, conversation, timestamp, id)",
  "CREATE INDEX message_by_time ON message (timestamp, id)",
  "CREATE UNIQUE INDEX message_by_stanza_id ON message (account_id, stanza_id_by, stanza_id) WHERE stanza_id IS NOT NULL",
  "CREATE INDEX message_by_wire_id ON message (account_id, conversation, wire_id)",
  "CREATE INDEX message_by_origin_id ON message (account_id, conversation, origin_id) WHERE origin_id IS NOT NULL",
  "CREATE INDEX message_pending ON message (account_id, conversation) WHERE state = 'pending'",
  "CREATE INDEX reaction_by_stanza ON reaction (account_id, stanza_wire_id) WHERE stanza_wire_id IS NOT NULL",
  "CREATE UNIQUE INDEX pubsub_node_by_name ON pubsub_node (account_id, service, node)",
  "CREATE UNIQUE INDEX pubsub_item_by_id ON pubsub_item (node_id, item_id)",
  "CREATE INDEX pubsub_item_by_position ON pubsub_item (node_id, position)",
  "CREATE INDEX pubsub_item_by_updated ON pubsub_item (updated, id)",
  "CREATE INDEX pubsub_item_by_created ON pubsub_item (created, id)",
  "CREATE INDEX event_log_by_time ON event_log (created_at)",
];

export const initial: Migration = {
  name: "2026.11.23T00.00.00.initial",
  revision: 1,
  async up(context) {
    for (const description of tables) await context.schema.createTable(description);
    for (const statement of indexes) await context.run(statement);
    await addFullText(context, searched);
  },
  /** Everything is lost. */
  async down(context) {
    await dropFullText(context, searched);
    for (const { name } of tables.toReversed()) await context.schema.dropTable(name);
  },
};
