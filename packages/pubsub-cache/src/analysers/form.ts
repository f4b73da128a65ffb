import { NS_DATA } from "@larder/core";
import type { Analyser } from "./analyser.js";

/** Nodes of data forms (XEP-0004): tickets, lists and the like become searchable by their fields. */
export const formAnalyser: Analyser = {
  name: "form",
  type: "form",
  namespace: NS_DATA,
  toSync: true,
  parser: new URL("../parsers/form.js", import.meta.url),
  parserVersion: "1",
};
