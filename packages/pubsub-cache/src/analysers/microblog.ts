import { NS_ATOM, NS_MICROBLOG } from "@larder/core";
import { atomEntryParser } from "../parsers/index.js";
import type { Analyser } from "./analyser.js";

const COMMENTS = `${NS_MICROBLOG}:comments/`;

/** Blogs and their comments (XEP-0277 §2, §3; XEP-0472). */
export const microblogAnalyser: Analyser = {
  name: "microblog",
  type: "blog",
  node: NS_MICROBLOG,
  namespace: NS_ATOM,
  toSync: true,
  notify: true,
  parser: atomEntryParser,
  onMatch: (analysis, { node }) =>
    node.startsWith(COMMENTS) ? { ...analysis, subtype: "comment" } : analysis,
};
