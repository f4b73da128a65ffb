import { type FormFields, readForm, submitForm } from "../data-form.js";
import { NS_DATA, NS_PUBSUB, NS_PUBSUB_NODE_CONFIG, NS_PUBSUB_OWNER } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { type XmlElement, xml } from "../xml/element.js";

/**
 * Creates a node (XEP-0060 §8.1), configured at once where `config` is given (§8.1.3).
 *
 * @returns its name, the service's own where none was given
 * @throws {StanzaError} `conflict` where it is there already, `forbidden`, …
 */
export async function createNode(
  requester: Requester,
  node: { service: string; node?: string; config?: FormFields },
): Promise<string> {
  const answer = await requester.request(
    xml(
      "iq",
      { type: "set", to: node.service },
      xml(
        "pubsub",
        { xmlns: NS_PUBSUB },
        xml("create", { node: node.node }),
        node.config && xml("configure", {}, submitForm(NS_PUBSUB_NODE_CONFIG, node.config)),
      ),
    ),
  );
  return answer.getChild("pubsub", NS_PUBSUB)?.getChild("create")?.attrs.node ?? node.node ?? "";
}

function asOwner(
  requester: Requester,
  type: "get" | "set",
  service: string,
  request: XmlElement,
): Promise<XmlElement> {
  return requester.request(
    xml("iq", { type, to: service }, xml("pubsub", { xmlns: NS_PUBSUB_OWNER }, request)),
  );
}

/**
 * The configuration of a node of ours (XEP-0060 §8.2.1).
 *
 * @throws {StanzaError} `forbidden` where it is not ours, `not_found`, `unsupported`, …
 */
export async function fetchNodeConfig(
  requester: Requester,
  service: string,
  node: string,
): Promise<ReturnType<typeof readForm>> {
  const answer = await asOwner(requester, "get", service, xml("configure", { node }));
  const form = answer.getChild("pubsub", NS_PUBSUB_OWNER)?.getChild("configure")?.getChild("x", NS_DATA);
  return form ? readForm(form) : { fields: {} };
}

/**
 * Changes the fields given of a node's configuration (XEP-0060 §8.2.4); the others stay as they are.
 *
 * @throws {StanzaError} `not_acceptable` where the service refuses a value, `forbidden`, `not_found`, …
 */
export async function configureNode(
  requester: Requester,
  node: { service: string; node: string; config: FormFields },
): Promise<void> {
  const form = submitForm(NS_PUBSUB_NODE_CONFIG, node.config);
  await asOwner(requester, "set", node.service, xml("configure", { node: node.node }, form));
}

/**
 * Deletes a node with its items and subscriptions (XEP-0060 §8.4).
 *
 * @throws {StanzaError} `forbidden`, `not_found`, …
 */
export async function deleteNode(requester: Requester, service: string, node: string): Promise<void> {
  await asOwner(requester, "set", service, xml("delete", { node }));
}

/**
 * Removes every item of a node (XEP-0060 §8.5); some services keep the last one.
 *
 * @throws {StanzaError} `forbidden`, `not_found`, `unsupported`, …
 */
export async function purgeNode(requester: Requester, service: string, node: string): Promise<void> {
  await asOwner(requester, "set", service, xml("purge", { node }));
}
