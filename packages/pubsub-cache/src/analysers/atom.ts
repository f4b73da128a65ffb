import { NS_ATOM } from "@larder/core";
import type { Analyser } from "./analyser.js";

/** What all nodes of Atom entries have in common. */
export const blog = {
  type: "blog",
  toSync: true,
  parser: new URL("../parsers/atom-entry.js", import.meta.url),
  parserVersion: "2",
  indexes: [["published"]],
} as const;

/** A feed of pictures says so in its type (XEP-0472 §5.3). */
const GALLERY = "urn:xmpp:pubsub-social-feed:gallery:1";

/** Any other node of Atom entries: social feeds (XEP-0472), communities, mirrored news. */
export const atomAnalyser: Analyser = {
  ...blog,
  name: "atom",
  namespace: NS_ATOM,
  onMatch: (analysis, { nodeType }) =>
    nodeType === GALLERY ? { ...analysis, subtype: "gallery" } : analysis,
};
