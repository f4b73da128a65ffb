import type { NodeRecord } from "@larder/storage";
import type { NodeAddress } from "./account.js";
import { countLeftOut } from "./left-out.js";
import { needsFullCheck } from "./next-check.js";
import { type NodeNotes, notesOf, objection } from "./node-notes.js";
import type { CachePolicy, CacheTiming } from "./policy.js";
import { runStateOf } from "./run-state.js";
import { nextListing, silencesOf } from "./silences.js";

/** Why a node is, or is not, in the cache. */
export interface Explanation {
  readonly state: NodeRecord["state"];
  /** Sentences for people, the most important first. */
  readonly reasons: readonly string[];
  readonly analyser?: string;
  readonly subscribed: boolean;
  readonly lastSync?: Date;
  readonly lastCheck?: Date;
  /** When it is tried again after a failure. */
  readonly nextRetry?: Date;
  /** When it is looked at again although nothing is wrong. */
  readonly nextCheck?: Date;
  readonly lastError?: Readonly<Record<string, unknown>>;
}

/** What the explanation is made of. */
export interface Circumstances {
  readonly address: NodeAddress;
  readonly node?: NodeRecord;
  readonly online: boolean;
  /** It is being synchronised or checked at this moment. */
  readonly busy: boolean;
  /** The analyser that would take the node, by its name and by what was last read of it. */
  readonly match?: { readonly name: string; readonly toSync: boolean };
  /** It was read since the start, and this is the namespace of its first payload. */
  readonly seen?: { readonly namespace?: string };
  readonly quietUntil?: Date;
  readonly policy: CachePolicy;
  readonly timing: CacheTiming;
}

const time = (date: Date): string => date.toISOString();

export function explain(circumstances: Circumstances): Explanation {
  const { node, match, online, quietUntil, address } = circumstances;
  const common = quietUntil
    ? [
        `${address.service} has had enough for now: nothing is asked in the background until ${time(quietUntil)}.`,
      ]
    : [];
  if (!node) {
    return {
      state: "new",
      reasons: [...unknownReasons(circumstances), ...common],
      analyser: match?.name,
      subscribed: false,
    };
  }
  const failed = node.lastError !== undefined;
  const reasons = [
    ...stateReasons(node, circumstances),
    ...(failed ? failureReasons(node, online) : []),
    ...freshnessReasons(node, circumstances),
    ...limitReasons(node, notesOf(node), circumstances.policy),
    ...common,
  ];
  return {
    state: node.state,
    reasons,
    analyser: node.analyser,
    subscribed: node.subscribed,
    lastSync: node.lastSync,
    lastCheck: node.lastCheck,
    nextRetry: failed ? node.nextCheck : undefined,
    nextCheck: failed ? undefined : node.nextCheck,
    lastError: node.lastError,
  };
}

function unknownReasons({ match, seen, online, busy }: Circumstances): string[] {
  if (busy) return ["Its first synchronisation is about to begin."];
  if (match && !match.toSync) return [`The analyser ${match.name} knows the node and does not want it kept.`];
  if (match && !online)
    return [`The analyser ${match.name} wants it; it is fetched when the account is online.`];
  if (match) return [`The analyser ${match.name} wants it; the first read of it starts the synchronisation.`];
  if (!seen) return ["No analyser knows its name, and nothing of it was read since the start to know it by."];
  return seen.namespace === undefined
    ? ["No analyser knows its name, and it holds nothing to know it by."]
    : [`No analyser is for its name or for payloads in ${seen.namespace}.`];
}

function stateReasons(node: NodeRecord, { busy, online, timing }: Circumstances): string[] {
  const run = runStateOf(node);
  const progress = run ? ` ${run.received} items are read so far, and it goes on from there.` : "";
  switch (node.state) {
    case "synced":
      if (node.subscribed) return keptReasons(node, timing);
      return [
        `It is kept without a subscription, which its service does not allow or its user has ended: reads use the copy for ${timing.unsubscribedMaxAgeMs / 1000} s after each check.`,
      ];
    case "stale":
      if (busy) return ["Events may have been missed; it is being compared with its service now."];
      return [
        online
          ? "Events may have been missed; it is compared with its service as soon as its turn comes."
          : "The account is offline: the copy is read, and compared with the service when it is back.",
      ];
    case "syncing":
      return [`It is being read for the first time.${progress}`];
    case "ignored": {
      const against = objection(notesOf(node));
      return [`It is not kept: ${against ?? "an analyser does not want it"}.`];
    }
    case "error":
      return [`It could not be read yet.${progress}`];
    default:
      return ["It is known, and its first synchronisation has not begun."];
  }
}

function keptReasons(node: NodeRecord, timing: CacheTiming): string[] {
  const silences = silencesOf(notesOf(node));
  if (silences.length === 0) return ["It is kept, and its service tells of every change."];
  const listing = nextListing(node, timing);
  const remedy =
    listing === undefined
      ? "it lists no ids to compare either, so that only a synchronisation that is asked for shows it"
      : `the ids of its items are compared soon after new ones came, and next at ${time(new Date(listing))}`;
  return [
    `It is kept, and its service tells of published and retracted items. But ${silences.join("; and ")}: ${remedy}.`,
  ];
}

function failureReasons(node: NodeRecord, online: boolean): string[] {
  const { message, since } = node.lastError ?? {};
  const times = node.failures > 1 ? ` (${node.failures} times in a row)` : "";
  const first = typeof since === "number" ? ` since ${time(new Date(since))}` : "";
  const next = node.nextCheck
    ? `It is tried again at ${time(node.nextCheck)}, or when somebody reads it.`
    : online
      ? "It is tried again when somebody reads it."
      : "It is tried again when the account is online.";
  return [`The last attempt failed${times}${first}: ${String(message)}. ${next}`];
}

function freshnessReasons(node: NodeRecord, { timing }: Circumstances): string[] {
  if (!needsFullCheck(node) || !node.lastSync) return [];
  const due = new Date(node.lastSync.getTime() + timing.fullCheckMs);
  return [
    `Its service leaves overwritten items in their place, so that one overwritten during an absence shows only when everything is read again. It was too large for that at once, or for what is left of the day's budget: it is read at ${time(due)}, or by a synchronisation that is asked for.`,
  ];
}

function limitReasons(node: NodeRecord, notes: NodeNotes, policy: CachePolicy): string[] {
  const reasons: string[] = [];
  if (node.completeFrom !== undefined) {
    const limits = [
      policy.maxItems !== undefined && `${policy.maxItems} items`,
      policy.maxBytes !== undefined && `${policy.maxBytes} characters`,
      policy.maxAgeMs !== undefined && `${Math.round(policy.maxAgeMs / 86_400_000)} days`,
    ].filter((limit) => limit !== false);
    reasons.push(
      `Older items are left out (limits: ${limits.join(", ") || "none"}; or they were purged): what the copy cannot answer exactly is asked of the service.`,
    );
  }
  const leftOut = countLeftOut(notes.leftOut);
  if (leftOut?.tooLongIds)
    reasons.push(`Items whose ids are too long to be kept are left out (${leftOut.tooLongIds}).`);
  if (leftOut?.tooLarge)
    reasons.push(
      `Items that are larger, or nested deeper, than what is taken from the network are left out (${leftOut.tooLarge}).`,
    );
  if (notes.maxItems !== undefined) reasons.push(`Its service keeps the newest ${notes.maxItems} items.`);
  if (notes.itemExpireSeconds !== undefined)
    reasons.push(`Its service drops items after ${notes.itemExpireSeconds} s.`);
  if (node.accountId === undefined) reasons.push("One copy serves all accounts that may read it (XEP-0460).");
  return reasons;
}
