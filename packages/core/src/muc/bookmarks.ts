import { hasErrorType } from "../errors/errors.js";
import { bareJid } from "../jid/jid.js";
import { NS_BOOKMARKS } from "../namespaces.js";
import { getItemsById } from "../pubsub/get-items.js";
import type { WireItem } from "../pubsub/item.js";
import { publishPrivately } from "../pubsub/private-node.js";
import type { Requester } from "../requester.js";
import { detach, isElement, parseTrustedXml, type XmlElement, xml } from "../xml/element.js";

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

/** What is to be said of a room; the rest of its bookmark stays as it is. */
export interface BookmarkChange {
  readonly autojoin: boolean;
  readonly nick?: string;
  /** Where the bookmark has no name yet. */
  readonly name?: string;
}

/** A bookmark with a change; what others keep in it (`<extensions/>`, a password) stays (XEP-0402 §3.4). */
function changed(conference: XmlElement | undefined, { autojoin, nick, name }: BookmarkChange): XmlElement {
  const children = conference?.children.filter(isElement) ?? [];
  const kept = nick === undefined ? children : children.filter((child) => child.name !== "nick");
  return xml(
    "conference",
    { name, ...conference?.attrs, xmlns: NS_BOOKMARKS, autojoin: String(autojoin) },
    nick === undefined ? undefined : xml("nick", {}, nick),
    ...kept.map((child) => detach(child)),
  );
}

/**
 * Sets whether, and under which nick, a room is joined by all our devices (XEP-0402 §3.3).
 *
 * @param options.create whether a room without a bookmark gets one
 * @returns false where nothing had to be changed
 * @throws {StanzaError} the server has no such nodes
 */
export async function changeBookmark(
  requester: Requester,
  room: string,
  change: BookmarkChange,
  options: { readonly create: boolean },
): Promise<boolean> {
  const address = { service: requester.account, node: NS_BOOKMARKS };
  const found = await getItemsById(requester, address, [room]).catch((error: unknown) => {
    if (hasErrorType(error) && error.type === "not_found") return []; // there is no such node yet
    throw error;
  });
  const item = found.find(({ id }) => id === room);
  const known = item && readBookmark(item);
  if (!item && !options.create) return false;
  const sameNick = change.nick === undefined || known?.nick === change.nick;
  if (known?.autojoin === change.autojoin && sameNick) return false;
  const conference = item && parseTrustedXml(item.xml).getChild("conference", NS_BOOKMARKS);
  await publishPrivately(requester, { node: NS_BOOKMARKS, id: room, payload: changed(conference, change) });
  return true;
}
