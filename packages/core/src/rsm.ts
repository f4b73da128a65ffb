import { NS_RSM } from "./namespaces.js";
import { type XmlElement, xml } from "./xml/element.js";

/** Which page is wanted (XEP-0059 §2). An empty `before` is the last page. */
export interface RsmRequest {
  readonly max?: number;
  readonly after?: string;
  readonly before?: string;
  readonly index?: number;
}

/** What the answer says of its page; the ids are opaque, count and index may be missing or approximate. */
export interface RsmAnswer {
  readonly first?: string;
  readonly last?: string;
  readonly index?: number;
  readonly count?: number;
}

export function rsmElement(request: RsmRequest): XmlElement {
  return xml(
    "set",
    { xmlns: NS_RSM },
    request.max !== undefined && xml("max", {}, request.max),
    request.after !== undefined && xml("after", {}, request.after),
    request.before !== undefined && xml("before", {}, request.before),
    request.index !== undefined && xml("index", {}, request.index),
  );
}

const count = (text: string | null | undefined): number | undefined =>
  text && /^\d{1,10}$/.test(text) ? Number(text) : undefined;

/** Reads the `<set/>` among the children of `parent`; undefined where there is none. */
export function readRsm(parent: XmlElement | undefined): RsmAnswer | undefined {
  const set = parent?.getChild("set", NS_RSM);
  if (!set) return undefined;
  const first = set.getChild("first");
  return {
    first: first?.text(),
    last: set.getChildText("last") ?? undefined,
    index: count(first?.attrs.index),
    count: count(set.getChildText("count")),
  };
}
