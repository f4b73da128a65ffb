import { bareJid, NS_PUBSUB, NS_PUBSUB_OWNER, type XmlElement } from "@larder/core";
import type { NodeAddress } from "./account.js";

/** A request that changes a node, as an account makes it (XEP-0060 §7, §8). */
export type OwnRequest = NodeAddress &
  (
    | {
        readonly change: "publish";
        /** The item elements; one may have no id, which the service then gives it (§7.1.2.1). */
        readonly items: readonly XmlElement[];
      }
    | { readonly change: "retract"; readonly ids: readonly string[] }
    | { readonly change: "purge" | "delete" | "configure" | "create" }
  );

const CHANGES_OF_OWNERS = ["purge", "delete", "configure"] as const;

/** Reads what a request would change; undefined for any other request. */
export function readOwnRequest(account: string, iq: XmlElement): OwnRequest | undefined {
  if (iq.name !== "iq" || iq.attrs.type !== "set") return undefined;
  const service = iq.attrs.to === undefined ? account : iq.attrs.to;
  if (service !== bareJid(service)) return undefined;
  const pubsub = iq.getChild("pubsub", NS_PUBSUB);
  const asOwner = iq.getChild("pubsub", NS_PUBSUB_OWNER);
  for (const element of [...(pubsub?.getChildElements() ?? []), ...(asOwner?.getChildElements() ?? [])]) {
    const { node } = element.attrs;
    if (node === undefined) continue;
    const address = { service, node };
    const items = element.getChildren("item");
    if (pubsub && element.name === "publish") return { ...address, change: "publish", items };
    if (pubsub && element.name === "retract")
      return { ...address, change: "retract", ids: items.flatMap(({ attrs }) => attrs.id ?? []) };
    if (pubsub && element.name === "create") return { ...address, change: "create" };
    const change = asOwner && CHANGES_OF_OWNERS.find((name) => name === element.name);
    if (change) return { ...address, change };
  }
  return undefined;
}

/** Ids of the items that an answer to a publish names, in their order (§7.1.2.1). */
export const publishedIds = (answer: XmlElement): (string | undefined)[] =>
  (answer.getChild("pubsub", NS_PUBSUB)?.getChild("publish")?.getChildren("item") ?? []).map(
    ({ attrs }) => attrs.id,
  );
