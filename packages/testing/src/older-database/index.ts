import { fileURLToPath } from "node:url";

/**
 * Export of a database as the version before the first of December 2026 wrote it: messages that were corrected and retracted
 * (in a conversation, to oneself, in a room), reactions, one that waits, and a cached node of `example` items with links.
 */
export const olderDatabase = fileURLToPath(new URL("../../fixtures/database-0.1.ndjson", import.meta.url));
