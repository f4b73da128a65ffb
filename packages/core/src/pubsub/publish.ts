import { type FormFields, submitForm } from "../data-form.js";
import { NotAcceptableError } from "../errors/errors.js";
import { StanzaError } from "../errors/stanza-error.js";
import { NS_PUBSUB, NS_PUBSUB_PUBLISH_OPTIONS } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { type XmlElement, xml } from "../xml/element.js";

/** ejabberd 23.01 answers `resource-constraint` to an option that it does not know, as if there were too much to do. */
function optionsRefused(error: unknown, options: FormFields): unknown {
  if (!(error instanceof StanzaError) || error.condition !== "resource-constraint") return error;
  const names = Object.keys(options).join(", ");
  return new NotAcceptableError(`${error.message}; it may not know one of the options ${names}`, {
    cause: error,
  });
}

/**
 * Publishes an item (XEP-0060 §7.1).
 *
 * @param options.options preconditions (§7.1.5): the service refuses where the node is configured otherwise
 * @returns the item's id, the service's own where none was given
 * @throws {StanzaError} `conflict` with `precondition-not-met`, `not_found`, `forbidden`, …
 * @throws {NotAcceptableError} the service does not know one of the options
 */
export async function publishItem(
  requester: Requester,
  item: { service: string; node: string; id?: string; payload: XmlElement; options?: FormFields },
): Promise<string> {
  const request = requester.request(
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
  const answer = await request.catch((error: unknown) => {
    throw item.options ? optionsRefused(error, item.options) : error;
  });
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
