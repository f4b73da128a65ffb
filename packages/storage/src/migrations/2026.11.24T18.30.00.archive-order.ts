/**
 * Messages get a place in the order of history that is the archive's where it says one (XEP-0313 §3.1: that is not the
 * order of the stamps), and corrections may stand in for a first version that is not there yet.
 */
import { index, optional, required } from "./columns.js";
import type { Migration } from "./migration.js";

/** The indexes that put messages in order, by what leads them. */
const ordered = (last: string) => [
  index("message_by_conversation", ["account_id", "conversation", last, "id"]),
  index("message_by_time", [last, "id"]),
  index("message_of_account_by_time", ["account_id", last, "id"]),
];

export const archiveOrder: Migration = {
  name: "2026.11.24T18.30.00.archive-order",
  revision: 1,
  async up({ schema, run, progress }) {
    progress("putting messages in order");
    for (const { name } of ordered("timestamp")) await schema.dropIndex(name);
    await schema.addColumn("message", required("position", "bigint", 0));
    await schema.addColumn("message", optional("stands_for", "text"));
    await run("UPDATE message SET position = timestamp * 1000");
    for (const each of ordered("position")) await schema.addIndex("message", each);
    await schema.addColumn("conversation", optional("displayed_position", "bigint"));
    await run("UPDATE conversation SET displayed_position = displayed_timestamp * 1000");
  },
  /** The archive's order among messages of one instant is lost. */
  async down({ schema }) {
    await schema.dropColumn("conversation", "displayed_position");
    for (const { name } of ordered("position")) await schema.dropIndex(name);
    await schema.dropColumn("message", "stands_for");
    await schema.dropColumn("message", "position");
    for (const each of ordered("timestamp")) await schema.addIndex("message", each);
  },
};
