import { type DiscoInfo, discoInfo } from "../disco.js";
import { hasErrorType } from "../errors/errors.js";
import { NS_PUBSUB_METADATA, NS_PUBSUB_NODE_CONFIG } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { fetchNodeConfig } from "./nodes.js";

/**
 * What a service tells of a node that matters to whoever keeps a copy of it: metadata (XEP-0060 §5.4) with
 * caching hints (XEP-0460). A field that is not told is absent.
 */
export interface NodeMetadata {
  /** `leaf` holds items, `collection` holds nodes (XEP-0248). */
  readonly kind?: "leaf" | "collection";
  readonly title?: string;
  /** What its items are, most often a namespace (`pubsub#type`, XEP-0060 §16.4.3). */
  readonly type?: string;
  /** `open`, `presence`, `roster`, `authorize`, `whitelist` (XEP-0060 §4.5). */
  readonly accessModel?: string;
  /** How many items the node keeps; older ones go without a word (XEP-0060 §7.1.2.5). Absent also for `max`. */
  readonly maxItems?: number;
  /** After how many seconds an item goes without a word (XEP-0460 §6). Absent also for `max`. */
  readonly itemExpireSeconds?: number;
  /** XEP-0460 §5. */
  readonly persistence?: "persistent" | "semi-persistent" | "transient" | "transient-with-last-item";
  /** The same item is the same for everybody (XEP-0460 §7). */
  readonly consistentItems?: boolean;
  /** Everybody who may read sees the same items (XEP-0460 §8). */
  readonly consistentSet?: boolean;
  /** Items are only ever added at the end (XEP-0460 §9). */
  readonly stableItems?: boolean;
  /** Every change is notified (XEP-0460 §10). */
  readonly alwaysNotify?: boolean;
  /** The last item survives a purge (XEP-0460 §13). */
  readonly purgeKeepsLastItem?: boolean;
  /** The node's own archive can be asked (XEP-0442). */
  readonly archived?: boolean;
  /** True if the account may read the node's configuration, as an owner may (XEP-0060 §8.2.1); absent if it was not asked. */
  readonly configurable?: boolean;
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

const CACHING = "{urn:xmpp:pubsub-caching:0}";
const NS_MAM = "urn:xmpp:mam:2";
const persistences = ["persistent", "semi-persistent", "transient", "transient-with-last-item"] as const;

function readFields(fields: Fields): Omit<NodeMetadata, "kind" | "archived" | "configurable"> {
  const text = (name: string): string | undefined => {
    const value = fields[name];
    const first = typeof value === "string" ? value : value?.[0];
    return first === "" ? undefined : first;
  };
  const flag = (name: string): boolean | undefined => {
    const value = text(name);
    if (value === "1" || value === "true") return true;
    return value === "0" || value === "false" ? false : undefined;
  };
  const count = (name: string): number | undefined => {
    const value = text(name);
    // Ten digits are centuries, or more items than anybody keeps: as good as no limit.
    return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  const persistItems = flag("pubsub#persist_items") === false ? "transient" : undefined;
  return {
    title: text("pubsub#title"),
    type: text("pubsub#type"),
    accessModel: text("pubsub#access_model"),
    maxItems: count("pubsub#max_items"),
    itemExpireSeconds: count("pubsub#item_expire"),
    persistence: persistences.find((known) => known === text(`${CACHING}persistence`)) ?? persistItems,
    consistentItems: flag(`${CACHING}consistent-items`),
    consistentSet: flag(`${CACHING}consistent-set`),
    stableItems: flag(`${CACHING}stable-items`),
    // XEP-0460 §10 spells its field without the s once, and §15 with it.
    alwaysNotify: flag(`${CACHING}always-notify`) ?? flag(`${CACHING}alway-notify`),
    purgeKeepsLastItem: flag(`${CACHING}purge-keep-last-item`),
  };
}

/** The form of a disco answer that describes a node; XEP-0460's example, and services that follow it, give it no FORM_TYPE. */
function metadataForm({ forms }: DiscoInfo): Fields {
  // XEP-0060 wrote "metadata" from 1.15.5 to 1.15.8, and some services still do.
  return (
    forms[NS_PUBSUB_METADATA] ?? forms[NS_PUBSUB_METADATA.replace("meta-data", "metadata")] ?? forms[""] ?? {}
  );
}

/** The metadata without what is absent, so that two of them can be compared and kept as JSON. */
const withoutGaps = (metadata: NodeMetadata): NodeMetadata =>
  Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));

/**
 * Asks for the metadata of a node (XEP-0060 §5.3, §5.4). Where the answer says nothing of a limit on items and
 * the node may be ours, its configuration is asked too (§8.2.1): Prosody 0.12 tells it only there.
 *
 * @param options.own whether the account may own the node
 * @throws {StanzaError} `not_found`, `forbidden`, …
 */
export async function fetchNodeMetadata(
  requester: Requester,
  service: string,
  node: string,
  options: { own?: boolean } = {},
): Promise<NodeMetadata> {
  const info = await discoInfo(requester, service, node);
  const told = readFields(metadataForm(info));
  const types = info.identities.filter(({ category }) => category === "pubsub").map(({ type }) => type);
  const kind = types.includes("collection") && !types.includes("leaf") ? "collection" : "leaf";
  const archived = info.features.has(NS_MAM) ? true : undefined;
  if (!options.own || told.maxItems !== undefined) return withoutGaps({ ...told, kind, archived });
  const fields = await ownConfig(requester, service, node);
  const configured = fields === undefined ? {} : withoutGaps(readFields(fields));
  return withoutGaps({
    ...configured,
    ...withoutGaps(told),
    kind,
    archived,
    configurable: fields !== undefined,
  });
}

/** The configuration of a node; undefined where it is not ours to read. */
async function ownConfig(requester: Requester, service: string, node: string): Promise<Fields | undefined> {
  try {
    const { formType, fields } = await fetchNodeConfig(requester, service, node);
    return formType === undefined || formType === NS_PUBSUB_NODE_CONFIG ? fields : {};
  } catch (error) {
    if (hasErrorType(error) && error.type !== "not_connected" && error.type !== "timeout") return undefined;
    throw error;
  }
}
