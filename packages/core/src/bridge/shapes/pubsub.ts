import { z } from "zod";
import { attachmentCounts } from "./attachments.js";
import { errorField, itemId, time } from "./common.js";

export const item = z
  .object({
    id: z.string(),
    service: z.string(),
    node: z.string(),
    accounts: z.array(z.string()),
    publisher: z.string().optional(),
    created: time,
    updated: time,
    dateSource: z.enum(["service", "observed"]),
    xml: z.string(),
    parsed: z.unknown().optional(),
    parseError: z.string().optional(),
    attachments: attachmentCounts.optional().describe("on request: what is attached to it (XEP-0470)"),
  })
  .meta({ id: "Item", description: "one pubsub item; `xml` is the whole item element" });

/** A found item: `xml` only where the payload was asked for. */
export const foundItem = item.partial({ xml: true }).meta({ id: "FoundItem" });

export const rsmRequest = z
  .strictObject({
    max: z.int().min(1).max(1000).optional().describe("items of a page (50)"),
    after: z.string().optional().describe("the page after this cursor"),
    before: z.string().optional().describe("the page before this cursor; empty for the last page"),
    index: z.int().min(0).optional().describe("the page that starts at this place"),
  })
  .refine((rsm) => [rsm.after, rsm.before, rsm.index].filter((value) => value !== undefined).length <= 1, {
    error: "give at most one of after, before and index",
  });

export const rsmResult = z.object({
  first: z.string(),
  last: z.string(),
  index: z.int().optional(),
  count: z.int().optional(),
});

export const itemsPage = z.object({
  items: z.array(item),
  rsm: rsmResult.optional(),
  complete: z.boolean(),
  source: z.enum(["cache", "service"]),
  stale: z.boolean().optional(),
  leftOut: z
    .object({ tooLongIds: z.int(), tooLarge: z.int() })
    .optional()
    .describe(
      "items of the node that cannot be given, since they are over limits of the daemon; at most 100 are counted",
    ),
});

export const orderBy = z.enum(["creation", "modification"]);

/** The ways to say which items are wanted; at most one of them. */
export const itemSelection = {
  maxItems: z.int().min(1).max(100_000).optional().describe("the newest so many"),
  itemIds: z.array(itemId).min(1).max(1000).optional().describe("these, in this order"),
  rsm: rsmRequest.optional().describe("a page"),
  orderBy: orderBy.optional().describe("creation or modification; by default the service's own order"),
};

export const atMostOneSelection = (params: { maxItems?: unknown; itemIds?: unknown; rsm?: unknown }) =>
  [params.maxItems, params.itemIds, params.rsm].filter((value) => value !== undefined).length <= 1;

export const oneSelectionError = { error: "give at most one of maxItems, itemIds and rsm", path: ["rsm"] };

/** Fields of a data form; a list stands for several values. */
export const formFields = z.record(z.string().min(1), z.union([z.string(), z.array(z.string())]));

export const subscriptionState = z.enum(["none", "pending", "unconfigured", "subscribed"]);

export const nodeState = z.enum(["new", "syncing", "synced", "stale", "error", "ignored"]);

export const cachedNode = z
  .object({
    accounts: z.array(z.string()),
    service: z.string(),
    node: z.string(),
    type: z.string().optional(),
    subtype: z.string().optional(),
    analyser: z.string().optional(),
    state: nodeState,
    items: z.int(),
    subscribed: z.boolean(),
    lastSync: time.optional(),
    lastError: errorField.optional(),
  })
  .meta({ id: "CachedNode" });
