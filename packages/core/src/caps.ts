import { createHash } from "node:crypto";
import { NS_CAPS, NS_DISCO_INFO } from "./namespaces.js";
import { type XmlElement, xml } from "./xml/element.js";

/** What we say of ourselves (XEP-0030). */
export interface OwnInfo {
  readonly identity: { readonly category: string; readonly type: string; readonly name: string };
  readonly features: readonly string[];
}

/** Names the software that announces these capabilities (XEP-0115 §4). */
const CAPS_NODE = "urn:larder:client";

/** The verification string (XEP-0115 §5.1): SHA-1 over identity and sorted features. */
export function capsVersion({ identity, features }: OwnInfo): string {
  const text = `${identity.category}/${identity.type}//${identity.name}<${[...features]
    .sort()
    .map((feature) => `${feature}<`)
    .join("")}`;
  return createHash("sha1").update(text, "utf8").digest("base64");
}

/** The element for every presence (XEP-0115 §6.1). */
export function capsElement(info: OwnInfo): XmlElement {
  return xml("c", { xmlns: NS_CAPS, hash: "sha-1", node: CAPS_NODE, ver: capsVersion(info) });
}

/**
 * The answer to a disco#info query (XEP-0030 §3.1).
 *
 * @returns undefined for a node that is not ours
 */
export function discoInfoAnswer(info: OwnInfo, query: XmlElement): XmlElement | undefined {
  const { node } = query.attrs;
  if (node !== undefined && node !== `${CAPS_NODE}#${capsVersion(info)}`) return undefined;
  return xml(
    "query",
    { xmlns: NS_DISCO_INFO, node },
    xml("identity", { ...info.identity }),
    info.features.map((feature) => xml("feature", { var: feature })),
  );
}
