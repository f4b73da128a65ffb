import { bareJid } from "./jid/jid.js";
import { NS_ROSTER } from "./namespaces.js";
import type { Requester } from "./requester.js";
import { type XmlElement, xml } from "./xml/element.js";

/** A roster entry (RFC 6121 §2.1.2). */
export interface RosterEntry {
  readonly jid: string;
  readonly name?: string;
  readonly subscription: string;
  readonly ask?: string;
  readonly groups: readonly string[];
}

/** Reads the items of a roster query; what is no JID is left out. */
export function readRoster(query: XmlElement): { version?: string; entries: RosterEntry[] } {
  const entries = query.getChildren("item").flatMap((element): RosterEntry[] => {
    const jid = bareJid(element.attrs.jid);
    if (jid === undefined) return [];
    return [
      {
        jid,
        name: element.attrs.name || undefined,
        subscription: element.attrs.subscription ?? "none",
        ask: element.attrs.ask,
        groups: element.getChildren("group").map((group) => group.text()),
      },
    ];
  });
  return { version: query.attrs.ver, entries };
}

/**
 * Fetches the roster (RFC 6121 §2.1.3), versioned (§2.6).
 *
 * @param version what is already there; an empty string asks for the whole roster and its version
 * @returns undefined where nothing changed since `version`; pushes follow for what did (§2.6.3)
 */
export async function fetchRoster(
  requester: Requester,
  version: string | undefined,
): Promise<{ version?: string; entries: RosterEntry[] } | undefined> {
  const answer = await requester.request(
    xml("iq", { type: "get" }, xml("query", { xmlns: NS_ROSTER, ver: version })),
  );
  const query = answer.getChild("query", NS_ROSTER);
  return query && readRoster(query);
}
