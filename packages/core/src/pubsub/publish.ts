import { type FormFields, submitForm } from "../data-form.js";
import { NS_PUBSUB, NS_PUBSUB_PUBLISH_OPTIONS } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { type XmlElement, xml } from "../xml/element.js";

/**
 * Publishes an item (XEP-0060 §7.1).
 *
 * @param options.options preconditions (§7.1.5): the service refuses where the node is configured otherwise
 * @returns the item's id, the service's own where none was given
 * @throws {StanzaError} `conflict` with `precondition-not-met`, `not_found`, `forbidden`, …
 */
export async function publishItem(
  requester: Requester,
  item: { service: string; node: string; id?: string; payload: XmlElement; options?: FormFields },
): Promise<string> {
  const answer = await requester.request(
    xml(
      "iq",
      { type: "set", to: item.service },
      xml(
        "pubsub",
        { xmlns: NS_PUBSUB },
        xml("publish", { node: item.node }, xml("item", { id: item.id }, item.payload)),
        item.options && xml("publish-options", {}, submitForm(NS_PUBSUB_PUBLISH_OPTIONS, item.options)),
      ),
    ),
  );
  const published = answer.getChild("pubsub", NS_PUBSUB)?.getChild("publish")?.getChild("item");
  return published?.attrs.id ?? item.id ?? "";
}

/**
 * Retracts an item (XEP-0060 §7.2).
 *
 * @param item.notify whether subscribers are told (§7.2.2.1)
 */
export async function retractItem(
  requester: Requester,
  item: { service: string; node: string; id: string; notify: boolean },
): Promise<void> {
  await requester.request(
    xml(
      "iq",
      { type: "set", to: item.service },
      xml(
        "pubsub",
        { xmlns: NS_PUBSUB },
        xml(
          "retract",
          { node: item.node, notify: item.notify ? "true" : "false" },
          xml("item", { id: item.id }),
        ),
      ),
    ),
  );
}
