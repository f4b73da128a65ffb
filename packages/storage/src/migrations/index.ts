import { initial } from "./2026.11.23T00.00.00.initial.js";
import { histories } from "./2026.11.23T08.00.00.histories.js";
import { cacheCare } from "./2026.11.24T18.00.45.cache-care.js";
import { archiveOrder } from "./2026.11.24T18.30.00.archive-order.js";
import { reactionChanges } from "./2026.11.25T04.00.00.reaction-changes.js";
import { earlyConfirmations } from "./2026.11.28T09.00.00.early-confirmations.js";
import { itemsSmallColumnsFirst } from "./2026.11.28T11.00.00.items-small-columns-first.js";
import { messageDigest } from "./2026.12.01T01.00.00.message-digest.js";
import { waitingSince } from "./2026.12.01T01.00.00.waiting-since.js";
import { roomState } from "./2026.12.01T02.00.00.room-state.js";
import { archivePositions } from "./2026.12.01T03.00.00.archive-positions.js";
import type { Migration } from "./migration.js";

/** Every step of the schema, oldest first. */
export const migrations: readonly Migration[] = [
  initial,
  histories,
  cacheCare,
  archiveOrder,
  reactionChanges,
  earlyConfirmations,
  itemsSmallColumnsFirst,
  messageDigest,
  waitingSince,
  roomState,
  archivePositions,
];
