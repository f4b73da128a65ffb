import { NS_MICROBLOG } from "@larder/core";
import type { Analyser } from "./analyser.js";
import { blog } from "./atom.js";

const COMMENTS = `${NS_MICROBLOG}:comments/`;

/** Blogs and their comments (XEP-0277 §2, §3). */
export const microblogAnalyser: Analyser = {
  ...blog,
  name: "microblog",
  node: NS_MICROBLOG,
  notify: true,
  onMatch: (analysis, { node }) =>
    node.startsWith(COMMENTS) ? { ...analysis, subtype: "comment" } : analysis,
};
