import { NotAcceptableError } from "../errors/errors.js";
import { StanzaError } from "../errors/stanza-error.js";
import type { Requester } from "../requester.js";
import type { XmlElement } from "../xml/element.js";
import { createNode } from "./nodes.js";
import { publishItem } from "./publish.js";

const limits = {
  "pubsub#persist_items": "true",
  "pubsub#send_last_published_item": "never",
  "pubsub#access_model": "whitelist",
};

/**
 * Publishes an item to a node of the account's own that keeps all items and nobody else may read (XEP-0223; XEP-0402 §3.3,
 * XEP-0490 §3). A server that does not take a number of items among the options of a publish (ejabberd 23.01) gets the node
 * made with it first.
 *
 * @throws {StanzaError} the server has no such nodes
 */
export async function publishPrivately(
  requester: Requester,
  item: { readonly node: string; readonly id: string; readonly payload: XmlElement },
): Promise<void> {
  const address = { service: requester.account, node: item.node };
  try {
    await publishItem(requester, { ...address, ...item, options: { ...limits, "pubsub#max_items": "max" } });
  } catch (error) {
    if (!(error instanceof StanzaError || error instanceof NotAcceptableError)) throw error;
    await createNode(requester, { ...address, config: { ...limits, "pubsub#max_items": "1000" } }).catch(
      (reason: unknown) => {
        if (!(reason instanceof StanzaError && reason.condition === "conflict")) throw error; // it is there already
      },
    );
    await publishItem(requester, { ...address, ...item, options: { "pubsub#access_model": "whitelist" } });
  }
}
