import { StanzaError } from "../errors/stanza-error.js";
import { NS_PING } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { xml } from "../xml/element.js";

/** What a self-ping says of our presence in a room; `unknown` where the room could not be reached. */
export type SelfPingOutcome = "joined" | "not-joined" | "unknown";

const SELF_PING_TIMEOUT_MS = 30_000;

/** Conditions that come from the client that was pinged, and so prove that it is there (XEP-0410 §3.2). */
const stillThere = new Set(["service-unavailable", "feature-not-implemented", "item-not-found"]);
const unreachable = new Set(["remote-server-not-found", "remote-server-timeout"]);

/** Asks the room whether we are still in it, by pinging ourselves through it (XEP-0410 §3). */
export async function selfPing(requester: Requester, room: string, nick: string): Promise<SelfPingOutcome> {
  try {
    await requester.request(
      xml("iq", { type: "get", to: `${room}/${nick}` }, xml("ping", { xmlns: NS_PING })),
      { timeoutMs: SELF_PING_TIMEOUT_MS },
    );
    return "joined";
  } catch (error) {
    if (!(error instanceof StanzaError)) return "unknown";
    if (unreachable.has(error.condition)) return "unknown";
    return stillThere.has(error.condition) ? "joined" : "not-joined";
  }
}
