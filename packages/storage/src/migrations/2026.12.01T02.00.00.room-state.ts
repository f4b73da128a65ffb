/** Rooms remember what was told last of our being in them, and why we had to leave. */
import { optional } from "./columns.js";
import type { Migration } from "./migration.js";

export const roomState: Migration = {
  name: "2026.12.01T02.00.00.room-state",
  revision: 1,
  async up({ schema }) {
    await schema.addColumn("room", optional("state", "text"));
    await schema.addColumn("room", optional("removal", "json"));
  },
  /** A room that was destroyed is joined again where that was wanted before. */
  async down({ schema }) {
    await schema.dropColumn("room", "removal");
    await schema.dropColumn("room", "state");
  },
};
