import { type FormFields, submitForm } from "../data-form.js";
import { NS_PUBSUB, NS_PUBSUB_NODE_CONFIG } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { xml } from "../xml/element.js";

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
