import { NS_ATOM, NS_MICROBLOG } from "@larder/core";
import type { Analyser } from "./analyser.js";

const COMMENTS = `${NS_MICROBLOG}:comments/`;

/** Blogs and their comments (XEP-0277 §2, §3; XEP-0472). */
export const microblogAnalyser: Analyser = {
  name: "microblog",
  type: "blog",
  node: NS_MICROBLOG,
  namespace: NS_ATOM,
  toSync: true,
  parser: { module: new URL("../parsers/atom-entry.js", import.meta.url), version: "1" },
  onMatch: (analysis, { node }) =>
    node.startsWith(COMMENTS) ? { ...analysis, subtype: "comment" } : analysis,
};
