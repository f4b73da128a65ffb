import { readForm } from "./data-form.js";
import { NS_DATA, NS_DISCO_INFO, NS_DISCO_ITEMS } from "./namespaces.js";
import type { Requester } from "./requester.js";
import { readRsm, rsmElement } from "./rsm.js";
import { type XmlElement, xml } from "./xml/element.js";

/** What an entity says of itself (XEP-0030 §3). */
export interface DiscoInfo {
  readonly identities: readonly { category: string; type: string; name?: string; lang?: string }[];
  readonly features: ReadonlySet<string>;
  /** Extended information (XEP-0128), by FORM_TYPE; a form without one is under the empty string. */
  readonly forms: Readonly<Record<string, Record<string, string | string[]>>>;
}

/** The `<query/>` with which an entity, or one of its nodes, says what it is. */
export async function queryDiscoInfo(
  requester: Requester,
  to: string,
  node?: string,
): Promise<XmlElement | undefined> {
  const answer = await requester.request(
    xml("iq", { type: "get", to }, xml("query", { xmlns: NS_DISCO_INFO, node })),
  );
  return answer.getChild("query", NS_DISCO_INFO);
}

export function readDiscoInfo(query: XmlElement | undefined): DiscoInfo {
  const forms = new Map<string, Record<string, string | string[]>>();
  for (const form of query?.getChildren("x", NS_DATA) ?? []) {
    const { formType, fields } = readForm(form);
    forms.set(formType ?? "", fields);
  }
  return {
    identities: (query?.getChildren("identity") ?? []).map(({ attrs }) => ({
      category: attrs.category ?? "",
      type: attrs.type ?? "",
      name: attrs.name,
      lang: attrs["xml:lang"],
    })),
    features: new Set((query?.getChildren("feature") ?? []).flatMap(({ attrs }) => attrs.var ?? [])),
    forms: Object.fromEntries(forms),
  };
}

/** Asks an entity, or one of its nodes, what it is. */
export async function discoInfo(requester: Requester, to: string, node?: string): Promise<DiscoInfo> {
  return readDiscoInfo(await queryDiscoInfo(requester, to, node));
}

/** What belongs to an entity. */
export interface DiscoItem {
  readonly jid: string;
  readonly node?: string;
  readonly name?: string;
}

/** How many pages a list may have: beyond, an entity is sending us in circles. */
const MAX_PAGES = 10_000;

/**
 * Asks an entity, or one of its nodes, what belongs to it (XEP-0030 §4). Where the entity pages by itself
 * (XEP-0059 §3.1), all pages are asked for.
 */
export async function discoItems(requester: Requester, to: string, node?: string): Promise<DiscoItem[]> {
  const found: DiscoItem[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await requester.request(
      xml(
        "iq",
        { type: "get", to },
        xml("query", { xmlns: NS_DISCO_ITEMS, node }, after !== undefined && rsmElement({ after })),
      ),
    );
    const query = answer.getChild("query", NS_DISCO_ITEMS);
    const items = (query?.getChildren("item") ?? []).flatMap(({ attrs }) =>
      attrs.jid === undefined ? [] : [{ jid: attrs.jid, node: attrs.node, name: attrs.name }],
    );
    found.push(...items);
    const { last, count } = readRsm(query) ?? {};
    if (last === undefined || last === after || items.length === 0) break;
    if (count !== undefined && found.length >= count) break;
    after = last;
  }
  return found;
}
