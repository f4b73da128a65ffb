/**
 * Reactions become a ledger of changes: who set what, when, and in which order. What stands is the last change of each
 * sender, whatever the order in which they came; a refused one of ours leaves what stood before it.
 */
import { index, optional, refers, required, table } from "./columns.js";
import type { Migration } from "./migration.js";

const changes = table(
  "reaction_change",
  [
    required("id", "id"),
    required("account_id", "key"),
    required("conversation", "text"),
    required("target", "text"),
    required("groupchat", "flag", false),
    optional("message_id", "key"),
    required("sender", "text"),
    required("own", "flag", false),
    optional("real_jid", "text"),
    optional("nick", "text"),
    required("emojis", "json"),
    required("since", "json", "[]"),
    required("timestamp", "instant"),
    required("position", "bigint"),
    required("placed", "flag", false),
    required("stands", "flag", false),
    optional("stanza_id", "text"),
    optional("wire_id", "text"),
    optional("present_since", "instant"),
    optional("state", "text"),
  ],
  {
    foreignKeys: [refers("account_id", "account"), refers("message_id", "message", "SET NULL")],
    indexes: [
      index("reaction_change_by_message", ["message_id", "sender", "position"]),
      index("reaction_change_standing", ["message_id"], "stands"),
      index(
        "reaction_change_waiting",
        ["account_id", "conversation", "target", "sender", "position"],
        "message_id IS NULL",
      ),
      index("reaction_change_by_stanza_id", ["account_id", "stanza_id"], "stanza_id IS NOT NULL"),
      index("reaction_change_by_wire_id", ["account_id", "wire_id"], "own AND wire_id IS NOT NULL"),
      index("reaction_change_pending", ["account_id"], "state = 'pending'"),
      index("reaction_change_by_position", ["account_id", "position"]),
    ],
  },
);

const former = table(
  "reaction",
  [
    required("account_id", "key"),
    required("conversation", "text"),
    required("target", "text"),
    required("sender", "text"),
    required("emojis", "json"),
    required("timestamp", "instant"),
    optional("stanza_wire_id", "text"),
    optional("previous_emojis", "json"),
  ],
  {
    primaryKey: ["account_id", "conversation", "target", "sender"],
    foreignKeys: [refers("account_id", "account")],
    indexes: [index("reaction_by_stanza", ["account_id", "stanza_wire_id"], "stanza_wire_id IS NOT NULL")],
  },
);

export const reactionChanges: Migration = {
  name: "2026.11.25T04.00.00.reaction-changes",
  revision: 1,
  async up({ schema, run, progress }) {
    await schema.createTable(changes);
    progress("moving reactions into the ledger");
    await run(`
      INSERT INTO reaction_change (account_id, conversation, target, message_id, sender, own, emojis, timestamp, position,
        stands, wire_id, state)
      SELECT r.account_id, r.conversation, r.target,
        (SELECT min(m.id) FROM message m WHERE m.account_id = r.account_id AND m.conversation = r.conversation
          AND m.type <> 'groupchat' AND (m.origin_id = r.target OR m.wire_id = r.target)),
        r.sender, r.sender = a.jid, r.emojis, r.timestamp, r.timestamp * 1000, TRUE, r.stanza_wire_id,
        CASE WHEN r.sender = a.jid THEN 'sent' END
      FROM reaction r JOIN account a ON a.id = r.account_id`);
    await schema.dropTable("reaction");
  },
  /** Earlier changes, reactions in rooms and what a refusal of ours would restore are lost. */
  async down({ schema, run }) {
    await schema.createTable(former);
    await run(`
      INSERT INTO reaction (account_id, conversation, target, sender, emojis, timestamp, stanza_wire_id)
      SELECT account_id, conversation, target, sender, emojis, timestamp, wire_id FROM reaction_change
      WHERE stands AND NOT groupchat
      ON CONFLICT (account_id, conversation, target, sender) DO NOTHING`);
    await schema.dropTable("reaction_change");
  },
};
