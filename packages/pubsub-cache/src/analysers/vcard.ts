import { NS_VCARD4 } from "../parsers/namespaces.js";
import type { Analyser } from "./analyser.js";

/** vCard4 (XEP-0292). */
export const vcardAnalyser: Analyser = {
  name: "vcard",
  type: "vcard",
  node: "urn:xmpp:vcard4",
  namespace: NS_VCARD4,
  toSync: true,
  notify: true,
  parser: new URL("../parsers/vcard.js", import.meta.url),
  parserVersion: "2",
};
