import { readForm } from "./data-form.js";
import { NS_DATA, NS_DISCO_INFO, NS_DISCO_ITEMS } from "./namespaces.js";
import type { Requester } from "./requester.js";
import { xml } from "./xml/element.js";

/** What an entity says of itself (XEP-0030 §3). */
export interface DiscoInfo {
  readonly identities: readonly { category: string; type: string; name?: string; lang?: string }[];
  readonly features: ReadonlySet<string>;
  /** Extended information (XEP-0128), by FORM_TYPE. */
  readonly forms: Readonly<Record<string, Record<string, string | string[]>>>;
}

/** Asks an entity, or one of its nodes, what it is. */
export async function discoInfo(requester: Requester, to: string, node?: string): Promise<DiscoInfo> {
  const answer = await requester.request(
    xml("iq", { type: "get", to }, xml("query", { xmlns: NS_DISCO_INFO, node })),
  );
  const query = answer.getChild("query", NS_DISCO_INFO);
  const forms = new Map<string, Record<string, string | string[]>>();
  for (const form of query?.getChildren("x", NS_DATA) ?? []) {
    const { formType, fields } = readForm(form);
    if (formType !== undefined) forms.set(formType, fields);
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

/** Asks an entity, or one of its nodes, what belongs to it (XEP-0030 §4). */
export async function discoItems(
  requester: Requester,
  to: string,
  node?: string,
): Promise<{ jid: string; node?: string; name?: string }[]> {
  const answer = await requester.request(
    xml("iq", { type: "get", to }, xml("query", { xmlns: NS_DISCO_ITEMS, node })),
  );
  const query = answer.getChild("query", NS_DISCO_ITEMS);
  return (query?.getChildren("item") ?? []).flatMap(({ attrs }) =>
    attrs.jid === undefined ? [] : [{ jid: attrs.jid, node: attrs.node, name: attrs.name }],
  );
}
