import { comparableJid } from "./atom/xmpp-uri.js";
import { NS_BOOKMARKS } from "./namespaces.js";
import { type ParserItem, PayloadError } from "./parser.js";
import { isTrue, oneLine, requirePayload } from "./payload.js";

/** The `parsed` of a bookmark (CONTRACT, "Parsed data"). A password stays in the XML alone. */
export type Bookmark = {
  /** Bare JID of the room, in lower case. */
  readonly jid: string;
  readonly name?: string;
  /** The nickname in the room. */
  readonly nick?: string;
  readonly autojoin: boolean;
};

/**
 * Reads a bookmark of a room (XEP-0402 §2): the item's id is the room.
 *
 * @throws {PayloadError} it is something else, or the item's id is no JID
 */
export default function parseBookmark({ id, payload }: ParserItem): Bookmark {
  requirePayload(payload, "conference", NS_BOOKMARKS);
  const jid = comparableJid(id);
  if (jid === undefined) throw new PayloadError("id", `"${id.slice(0, 60)}" is not the JID of a room`);
  const name = oneLine(payload.attrs.name);
  const nick = oneLine(payload.getChildText("nick", NS_BOOKMARKS));
  return { jid, ...(name && { name }), ...(nick && { nick }), autojoin: isTrue(payload.attrs.autojoin) };
}
