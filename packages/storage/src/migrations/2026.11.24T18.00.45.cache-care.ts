/** What keeping a cached node takes: what its service says of it, where to go on, when to look again, what is left out. */
import { index, optional, required } from "./columns.js";
import type { Migration } from "./migration.js";

export const cacheCare: Migration = {
  name: "2026.11.24T18.00.45.cache-care",
  revision: 1,
  async up({ schema }) {
    await schema.addColumn("pubsub_node", optional("metadata", "json"));
    await schema.addColumn("pubsub_node", optional("resume", "json"));
    await schema.addColumn("pubsub_node", optional("next_check", "instant"));
    await schema.addColumn("pubsub_node", required("failures", "count", 0));
    await schema.addColumn("pubsub_node", optional("complete_from", "bigint"));
    await schema.addColumn("pubsub_node", required("bytes", "bigint", 0));
    await schema.addIndex("pubsub_node", index("pubsub_node_by_next_check", ["next_check"]));
  },
  /** Loses how far a synchronisation has come and what is left out of a copy: the next one reads the node again. */
  async down({ schema }) {
    await schema.dropIndex("pubsub_node_by_next_check");
    await schema.dropColumn("pubsub_node", "bytes");
    await schema.dropColumn("pubsub_node", "complete_from");
    await schema.dropColumn("pubsub_node", "failures");
    await schema.dropColumn("pubsub_node", "next_check");
    await schema.dropColumn("pubsub_node", "resume");
    await schema.dropColumn("pubsub_node", "metadata");
  },
};
