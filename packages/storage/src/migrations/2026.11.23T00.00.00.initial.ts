/**
 * The first tables: accounts and rosters, messages with the reactions ledger, cached pubsub nodes and
 * items, the event log and settings; on SQLite also the two full-text indexes.
 */
import { DataTypes, type ModelAttributes } from "sequelize";
import type { Migration, MigrationContext } from "./migration.js";

const { INTEGER, BIGINT, TEXT, BOOLEAN } = DataTypes;
const text = { type: TEXT };
const must = { type: TEXT, allowNull: false };
const instant = { type: BIGINT };
const instantMust = { type: BIGINT, allowNull: false };
const flag = (defaultValue: boolean) => ({ type: BOOLEAN, allowNull: false, defaultValue });
const id = { type: INTEGER, primaryKey: true, autoIncrement: true };
const key = { type: TEXT, allowNull: false, primaryKey: true };
const belongsTo = (table: string) => ({ model: table, key: "id" });
const accountKey = {
  type: INTEGER,
  allowNull: false,
  primaryKey: true,
  references: belongsTo("account"),
  onDelete: "CASCADE",
};
const account = { type: INTEGER, allowNull: false, references: belongsTo("account"), onDelete: "CASCADE" };

const tables: [name: string, columns: ModelAttributes][] = [
  [
    "account",
    {
      id,
      jid: { ...must, unique: true },
      service: text,
      resource: text,
      auto_connect: flag(true),
      tls: { ...must, defaultValue: "required" },
      ca_file: text,
      allow_plaintext: flag(false),
      roster_version: text,
      last_error: text,
      removed: flag(false),
      created_at: instantMust,
    },
  ],
  [
    "roster_contact",
    {
      account_id: accountKey,
      jid: key,
      name: text,
      subscription: { ...must, defaultValue: "none" },
      ask: text,
      groups: { ...must, defaultValue: "[]" },
    },
  ],
  [
    "message",
    {
      id,
      uid: { ...must, unique: true },
      account_id: account,
      conversation: must,
      direction: must,
      type: must,
      from_jid: must,
      to_jid: must,
      sender: must,
      wire_id: text,
      origin_id: text,
      stanza_id: text,
      stanza_id_by: text,
      thread: text,
      reply_to_id: text,
      timestamp: instantMust,
      received_at: instantMust,
      state: text,
      error: text,
      nick: text,
      occupant_id: text,
      real_jid: text,
      edited: instant,
      retracted: instant,
      delayed: flag(false),
      encrypted: text,
      raw: text,
      extra: { ...must, defaultValue: "{}" },
      search_text: { ...must, defaultValue: "" },
    },
  ],
  [
    "message_text",
    {
      message_id: {
        type: INTEGER,
        allowNull: false,
        primaryKey: true,
        references: belongsTo("message"),
        onDelete: "CASCADE",
      },
      kind: key,
      lang: { ...key, defaultValue: "" },
      text: must,
    },
  ],
  [
    "reaction",
    {
      account_id: accountKey,
      conversation: key,
      target: key,
      sender: key,
      emojis: must,
      timestamp: instantMust,
      stanza_wire_id: text,
      previous_emojis: text,
    },
  ],
  ["send_request", { account_id: accountKey, request_id: key, result: must, created_at: instantMust }],
  [
    "pubsub_node",
    {
      id,
      account_id: account,
      service: must,
      node: must,
      analyser: text,
      type: text,
      subtype: text,
      state: must,
      subscribed: flag(false),
      generation: { type: INTEGER, allowNull: false, defaultValue: 0 },
      last_sync: instant,
      last_check: instant,
      last_error: text,
    },
  ],
  [
    "pubsub_item",
    {
      id,
      node_id: { type: INTEGER, allowNull: false, references: belongsTo("pubsub_node"), onDelete: "CASCADE" },
      item_id: must,
      publisher: text,
      created: instantMust,
      updated: instantMust,
      date_source: must,
      xml: must,
      parsed: text,
      parsed_folded: text,
      parse_error: text,
      parser: text,
      position: instantMust,
      next_position: instant,
      generation: { type: INTEGER, allowNull: false },
      search_text: { ...must, defaultValue: "" },
    },
  ],
  [
    "pubsub_subscription",
    { account_id: accountKey, service: key, node: key, subid: { ...key, defaultValue: "" }, state: must },
  ],
  [
    "event_log",
    { seq: id, signal: must, account_id: { type: INTEGER }, data: must, created_at: instantMust },
  ],
  ["setting", { key, value: must }],
];

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

/** The words are cut and folded before they come here, so the tokenizer has only to split at the blanks. */
function fullTextIndex(table: string): string[] {
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

export const initial: Migration = {
  name: "2026.11.23T00.00.00.initial",
  revision: 1,
  async up({ queryInterface, transaction, run }: MigrationContext) {
    for (const [name, columns] of tables) await queryInterface.createTable(name, columns, { transaction });
    for (const statement of indexes) await run(statement);
    for (const table of ["message", "pubsub_item"])
      for (const statement of fullTextIndex(table)) await run(statement);
  },
  async down({ queryInterface, transaction, run }: MigrationContext) {
    for (const table of ["message", "pubsub_item"]) await run(`DROP TABLE ${table}_text_index`);
    for (const [name] of tables.toReversed()) await queryInterface.dropTable(name, { transaction });
  },
};
