import { bareJid } from "../jid/jid.js";
import { NS_BOOKMARKS } from "../namespaces.js";
import type { WireItem } from "../pubsub/item.js";
import { parseTrustedXml } from "../xml/element.js";

/** A bookmark of a room (XEP-0402 §2). */
export interface Bookmark {
  readonly room: string;
  readonly name?: string;
  readonly nick?: string;
  readonly password?: string;
  readonly autojoin: boolean;
}

/** Reads a bookmark; its id is the room (§2). Undefined where it is none. */
export function readBookmark(item: WireItem): Bookmark | undefined {
  const room = bareJid(item.id);
  if (room === undefined || room !== item.id) return undefined;
  const conference = parseTrustedXml(item.xml).getChild("conference", NS_BOOKMARKS);
  if (!conference) return undefined;
  const { name, autojoin } = conference.attrs;
  return {
    room,
    name: name || undefined,
    nick: conference.getChildText("nick") || undefined,
    password: conference.getChildText("password") || undefined,
    autojoin: autojoin === "true" || autojoin === "1",
  };
}
