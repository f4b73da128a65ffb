/** Receipts and markers are kept until the message comes that they are for. */
import { refers, required, table, uniqueIndex } from "./columns.js";
import type { Migration } from "./migration.js";

const confirmations = table(
  "message_confirmation",
  [
    required("id", "id"),
    required("account_id", "key"),
    required("conversation", "text"),
    required("value", "text"),
    required("own", "flag", false),
    required("groupchat", "flag", false),
    required("state", "text"),
  ],
  {
    foreignKeys: [refers("account_id", "account")],
    indexes: [
      uniqueIndex("message_confirmation_by_value", [
        "account_id",
        "conversation",
        "value",
        "own",
        "groupchat",
      ]),
    ],
  },
);

export const earlyConfirmations: Migration = {
  name: "2026.11.28T09.00.00.early-confirmations",
  revision: 1,
  up: ({ schema }) => schema.createTable(confirmations),
  /** Those that wait are lost: the messages that they are for will seem less confirmed than they are. */
  down: ({ schema }) => schema.dropTable("message_confirmation"),
};
