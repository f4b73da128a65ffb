import { NS_ATTACHMENTS, NS_ATTACHMENTS_SUMMARY } from "../parsers/namespaces.js";
import type { Analyser } from "./analyser.js";

const attachments = {
  type: "attachments",
  toSync: true,
  parser: new URL("../parsers/attachments.js", import.meta.url),
  parserVersion: "1",
  inline: true,
} as const;

/** What people have attached to an item: noticed, reactions (XEP-0470 §4.1). */
export const attachmentsAnalyser: Analyser = {
  ...attachments,
  name: "attachments",
  node: NS_ATTACHMENTS,
  namespace: NS_ATTACHMENTS,
};

/** What a service counts of the attachments to a node's items (XEP-0470 §4.4). */
export const attachmentsSummaryAnalyser: Analyser = {
  ...attachments,
  name: "attachments-summary",
  node: NS_ATTACHMENTS_SUMMARY,
  namespace: NS_ATTACHMENTS_SUMMARY,
  subtype: "summary",
};
