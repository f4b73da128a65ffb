import { z } from "zod";
import { bareJid, normaliseJid } from "../../jid/jid.js";

/** A JID, normalised (RFC 7622). */
export const jid = z
  .string()
  .refine((text) => normaliseJid(text) !== undefined, {
    error: "is not a JID (expected name@domain or domain)",
  })
  .overwrite((text) => normaliseJid(text) ?? text)
  .meta({ description: "a JID" });

/** A bare JID; a resource is cut off. */
export const bare = z
  .string()
  .refine((text) => normaliseJid(text) !== undefined, { error: "is not a JID (expected name@domain)" })
  .overwrite((text) => bareJid(text) ?? text)
  .meta({ description: "a bare JID" });

/** Which account to use. */
export const account = bare
  .optional()
  .describe("the account's bare JID; may be left out where exactly one is configured");

/** An instant: ISO 8601, UTC, milliseconds. */
export const time = z.iso
  .datetime({ precision: 3 })
  .meta({ description: "an instant, ISO 8601 UTC with milliseconds" });

/** An instant that a caller names: with any offset and precision. */
export const pastTime = z.iso
  .datetime({ offset: true, error: "is not an ISO 8601 time, as 2026-01-31T12:00:00Z" })
  .meta({ description: "an instant, ISO 8601" });

/** Where a node is; PEP when left out. */
export const service = jid
  .optional()
  .describe("the JID that hosts the node; by default the account's own bare JID (PEP)");

export const node = z.string().min(1).max(4096).describe("name of the node");

export const itemId = z.string().max(4096).describe("id of the item, which may be empty");

export const requestId = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe("the same request id within 24 h does this once");

export const limit = z.int().min(1).max(1000).optional().describe("how many at most");

/** What the bridge tells of an error beside its message. */
export const errorData = z.object({
  type: z.string(),
  condition: z.string().optional(),
  text: z.string().optional(),
  retryable: z.boolean(),
});

/** An error as a field of another shape. */
export const errorField = errorData.extend({ message: z.string() });

/** How an event became known. */
export const origin = z.enum(["live", "catchup"]);

export const empty = z.object({});
