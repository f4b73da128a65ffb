import { z } from "zod";

/** How a set is changed. */
export const updateType = z
  .enum(["replace", "add", "remove", "toggle"])
  .optional()
  .describe("what to do with them (replace)");

/** What the account itself has attached to an item (XEP-0470). */
export const ownAttachments = z.object({ noticed: z.boolean(), reactions: z.array(z.string()) });

const counted = {
  count: z.int(),
  senders: z
    .array(z.string())
    .optional()
    .describe("bare JIDs; absent where the service tells the number alone"),
  mine: z.boolean().optional(),
};

/** What is attached to an item, counted. */
export const attachmentCounts = z.object({
  noticed: z.object(counted),
  reactions: z.array(z.object({ emoji: z.string(), ...counted })),
});

/** Asks for the counts with each item. */
export const withAttachments = z
  .boolean()
  .optional()
  .describe("with each item what is attached to it: noticed, reactions (false)");
