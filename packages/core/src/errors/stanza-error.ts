import { NS_STANZAS } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";
import { type BridgeErrorType, LarderError } from "./errors.js";

/** CONTRACT: how an XMPP condition (RFC 6120 §8.3.3) is told on the bridge; any other is `stanza_error`. */
const typeOfCondition: Readonly<Record<string, BridgeErrorType>> = {
  "item-not-found": "not_found",
  forbidden: "forbidden",
  "not-authorized": "forbidden",
  "not-allowed": "forbidden",
  "feature-not-implemented": "unsupported",
  "service-unavailable": "unsupported",
  "resource-constraint": "busy",
  "policy-violation": "busy",
  conflict: "conflict",
  "not-acceptable": "not_acceptable",
  "remote-server-timeout": "timeout",
};

/** Conditions after which the same request may succeed later (RFC 6120 §8.3.2: type `wait`, and passing faults). */
const retryableConditions = new Set([
  "resource-constraint",
  "remote-server-timeout",
  "recipient-unavailable",
]);

/** An entity answered with a stanza error (RFC 6120 §8.3). */
export class StanzaError extends LarderError {
  override readonly name = "StanzaError";
  override readonly type: BridgeErrorType;
  override readonly retryable: boolean;
  override readonly condition: string;
  declare readonly text?: string;

  /**
   * @param condition the defined condition, for example `item-not-found`
   * @param details.applicationCondition name of the application-specific element, for example `precondition-not-met`
   */
  constructor(
    condition: string,
    readonly details: {
      text?: string;
      errorType?: string;
      applicationCondition?: string;
      from?: string;
      /** New address in an error `gone` (RFC 6120 §8.3.3.5): a URI. */
      newAddress?: string;
    } = {},
  ) {
    const extra = details.applicationCondition ? ` (${details.applicationCondition})` : "";
    const said = details.text ? `: ${details.text}` : "";
    super(`${details.from ?? "the server"} answered ${condition}${extra}${said}`);
    this.condition = condition;
    this.type = typeOfCondition[condition] ?? "stanza_error";
    this.retryable = details.errorType === "wait" || retryableConditions.has(condition);
    if (details.text) this.text = details.text;
  }

  /** Reads the `<error/>` of a stanza; a stanza without one gives `undefined-condition`. */
  static fromStanza(stanza: XmlElement): StanzaError {
    const error = stanza.getChild("error");
    const children = error?.getChildElements() ?? [];
    const condition = children.find((child) => child.getNS() === NS_STANZAS && child.name !== "text");
    const application = children.find((child) => child.getNS() !== NS_STANZAS);
    return new StanzaError(condition?.name ?? "undefined-condition", {
      text: error?.getChildText("text", NS_STANZAS) || undefined,
      errorType: error?.attrs.type,
      applicationCondition: application?.name,
      from: stanza.attrs.from,
      newAddress: condition?.name === "gone" ? condition.text().trim() || undefined : undefined,
    });
  }
}
