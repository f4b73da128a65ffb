import { NS_NICK } from "../parsers/namespaces.js";
import type { Analyser } from "./analyser.js";

/** Nicknames (XEP-0172 §4.3). */
export const nickAnalyser: Analyser = {
  name: "nick",
  type: "nick",
  node: NS_NICK,
  namespace: NS_NICK,
  toSync: true,
  notify: true,
  parser: new URL("../parsers/nick.js", import.meta.url),
  parserVersion: "1",
  inline: true,
};
