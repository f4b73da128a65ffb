import { NS_BOOKMARKS } from "../parsers/namespaces.js";
import type { Analyser } from "./analyser.js";

/**
 * Bookmarks of rooms (XEP-0402). Those of others are private (§3.3); nothing is assumed here: a synchronisation
 * begins only after the service has answered a read of this account.
 */
export const bookmarksAnalyser: Analyser = {
  name: "bookmarks",
  type: "bookmark",
  node: NS_BOOKMARKS,
  namespace: NS_BOOKMARKS,
  toSync: true,
  notify: true,
  parser: new URL("../parsers/bookmark.js", import.meta.url),
  parserVersion: "1",
  inline: true,
};
