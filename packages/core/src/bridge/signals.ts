import { z } from "zod";
import { accountState } from "./shapes/account.js";
import { errorField, origin } from "./shapes/common.js";
import { message, reactionSender } from "./shapes/message.js";
import { item } from "./shapes/pubsub.js";
import { roomStanding } from "./shapes/room.js";

/** Every signal of the bridge: a JSON-RPC notification of this name with these params. */
export const bridgeSignals = {
  connection_state: z.object({ account: z.string(), state: accountState, error: errorField.optional() }),
  message_new: z.object({ message, origin }),
  message_update: z.object({
    message,
    update: z.enum(["reactions", "correction", "retraction", "state", "error"]),
    difference: z
      .object({ sender: reactionSender, added: z.array(z.string()), removed: z.array(z.string()) })
      .optional()
      .describe("of reactions: whose set has changed, and how"),
    error: errorField.optional(),
    origin,
  }),
  muc_state: z.object({ account: z.string(), ...roomStanding, origin }),
  ps_event: z.object({
    account: z.string(),
    service: z.string(),
    node: z.string(),
    event: z.enum(["items", "retract", "purge", "delete", "configuration", "subscription"]),
    items: z.array(item).optional(),
    ids: z.array(z.string()).optional(),
    redirect: z.string().optional().describe("xmpp: URI of the node that has taken a deleted one's place"),
    state: z.string().optional().describe("what a subscription is now"),
    origin,
  }),
  ps_cache_progress: z.object({
    account: z.string(),
    service: z.string(),
    node: z.string(),
    received: z.int(),
    total: z.int().optional(),
    state: z.enum(["syncing", "synced", "error"]),
  }),
} as const;

export type BridgeSignal = keyof typeof bridgeSignals;
export type SignalParams<S extends BridgeSignal> = z.output<(typeof bridgeSignals)[S]>;

/** Signals that are told as they happen and not kept: after a gap the state itself is what to ask for. */
export const transientSignals: ReadonlySet<BridgeSignal> = new Set(["connection_state", "ps_cache_progress"]);

export const isBridgeSignal = (name: string): name is BridgeSignal => Object.hasOwn(bridgeSignals, name);
