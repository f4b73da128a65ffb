import { NS_AVATAR_METADATA } from "../parsers/namespaces.js";
import type { Analyser } from "./analyser.js";

/** What avatars there are (XEP-0084 §4.2); the images themselves are in another node, which is not kept. */
export const avatarAnalyser: Analyser = {
  name: "avatar",
  type: "avatar",
  node: NS_AVATAR_METADATA,
  namespace: NS_AVATAR_METADATA,
  toSync: true,
  notify: true,
  parser: new URL("../parsers/avatar.js", import.meta.url),
  parserVersion: "1",
  inline: true,
};
