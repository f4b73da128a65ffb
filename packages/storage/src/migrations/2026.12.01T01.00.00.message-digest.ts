/**
 * Messages get a keyed digest of what they said first, by which a copy is known also after a correction or a retraction; and
 * their ids are looked up together with who has sent them. What was changed before stays without a digest.
 */
import { index, optional } from "./columns.js";
import type { Migration } from "./migration.js";

/** The indexes of the wire's ids. */
const named = (...last: string[]) => [
  index("message_by_wire_id", ["account_id", "conversation", "wire_id", ...last]),
  index(
    "message_by_origin_id",
    ["account_id", "conversation", "origin_id", ...last],
    "origin_id IS NOT NULL",
  ),
];

/** Everything that is read of a copy; large columns stand behind. */
const smallFirst = [
  "id",
  "uid",
  "account_id",
  "conversation",
  "direction",
  "type",
  "from_jid",
  "to_jid",
  "sender",
  "wire_id",
  "origin_id",
  "stanza_id",
  "stanza_id_by",
  "thread",
  "reply_to_id",
  "timestamp",
  "position",
  "stands_for",
  "received_at",
  "state",
  "nick",
  "occupant_id",
  "real_jid",
  "edited",
  "retracted",
  "delayed",
  "encrypted",
  "digest",
];

/** The former table: columns that were added later stand last. */
const asBefore = [
  ...smallFirst.slice(0, smallFirst.indexOf("position")),
  "received_at",
  "state",
  "error",
  ...smallFirst.slice(smallFirst.indexOf("nick"), smallFirst.indexOf("digest")),
  "raw",
  "extra",
  "search_text",
];

export const messageDigest: Migration = {
  name: "2026.12.01T01.00.00.message-digest",
  revision: 1,
  async up({ schema, progress }) {
    progress("placing the columns of messages");
    for (const { name } of named()) await schema.dropIndex(name);
    await schema.addColumn("message", optional("digest", "text"));
    await schema.orderColumns("message", smallFirst);
    for (const each of named("direction", "sender")) await schema.addIndex("message", each);
  },
  /** Copies of messages that were corrected or retracted are known by their ids alone again. */
  async down({ schema, progress }) {
    progress("placing the columns of messages");
    for (const { name } of named()) await schema.dropIndex(name);
    await schema.dropColumn("message", "digest");
    await schema.orderColumns("message", asBefore);
    for (const each of named()) await schema.addIndex("message", each);
  },
};
