/** Bounds in number and time what waits for a message that may never come. */
import { index, optional } from "./columns.js";
import type { Migration } from "./migration.js";

export const waitingSince: Migration = {
  name: "2026.12.01T01.00.00.waiting-since",
  revision: 1,
  async up({ schema, run }) {
    await schema.addColumn("reaction_change", optional("waiting_since", "instant"));
    await schema.addColumn("message_removal", optional("received_at", "instant"));
    await schema.addColumn("message_confirmation", optional("received_at", "instant"));
    await schema.addIndex(
      "reaction_change",
      index(
        "reaction_change_waiting_of_sender",
        ["account_id", "conversation", "sender", "id"],
        "message_id IS NULL",
      ),
    );
    await schema.addIndex(
      "message_removal",
      index("message_removal_of_sender", ["account_id", "conversation", "given_by", "id"]),
    );
    await run("UPDATE reaction_change SET waiting_since = timestamp WHERE message_id IS NULL");
    await run("UPDATE message_removal SET received_at = timestamp");
  },
  /** Loses since when something has waited. */
  async down({ schema }) {
    await schema.dropIndex("message_removal_of_sender");
    await schema.dropIndex("reaction_change_waiting_of_sender");
    await schema.dropColumn("message_confirmation", "received_at");
    await schema.dropColumn("message_removal", "received_at");
    await schema.dropColumn("reaction_change", "waiting_since");
  },
};
