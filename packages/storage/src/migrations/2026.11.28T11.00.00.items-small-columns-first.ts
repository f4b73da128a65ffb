/** Places what searches read of an item before its large columns: behind them SQLite reads the whole row to get there. */
import type { Migration } from "./migration.js";

/** As the table was first made. */
const asMade = [
  "id",
  "node_id",
  "item_id",
  "publisher",
  "created",
  "updated",
  "date_source",
  "xml",
  "parsed",
  "parsed_folded",
  "parse_error",
  "parser",
];

const smallFirst = [
  "id",
  "node_id",
  "position",
  "next_position",
  "generation",
  "created",
  "updated",
  "date_source",
  "parser",
];

export const itemsSmallColumnsFirst: Migration = {
  name: "2026.11.28T11.00.00.items-small-columns-first",
  revision: 1,
  async up({ schema, progress }) {
    progress("placing the columns of cached items");
    await schema.orderColumns("pubsub_item", smallFirst);
  },
  async down({ schema, progress }) {
    progress("placing the columns of cached items");
    await schema.orderColumns("pubsub_item", asMade);
  },
};
