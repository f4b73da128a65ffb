import { asStorageFailure } from "../errors/errors.js";
import { StanzaError } from "../errors/stanza-error.js";
import { NS_PING, NS_STANZAS } from "../namespaces.js";
import { type XmlElement, xml } from "../xml/element.js";
import type { SessionLog } from "./options.js";

/** Answers a request: the child of the result, or nothing for an empty one. */
export type IqHandler = (
  child: XmlElement,
  iq: XmlElement,
) => Promise<XmlElement | undefined> | XmlElement | undefined;

/** The error types that go with the conditions used here (RFC 6120 §8.3.3). */
const errorTypes: Record<string, string> = { "bad-request": "modify", "not-acceptable": "modify" };

export function iqError(
  iq: { from?: string; id?: string },
  condition: string,
  child?: XmlElement,
): XmlElement {
  return xml(
    "iq",
    { type: "error", to: iq.from, id: iq.id },
    child,
    xml("error", { type: errorTypes[condition] ?? "cancel" }, xml(condition, { xmlns: NS_STANZAS })),
  );
}

/** Who answers which request; ping (XEP-0199) is answered from the start. */
export class IqHandlers {
  readonly #log: SessionLog;
  readonly #handlers = new Map<string, IqHandler>();

  constructor(log: SessionLog) {
    this.#log = log;
    this.set("get", "ping", NS_PING, () => undefined);
  }

  set(type: "get" | "set", name: string, xmlns: string, handler: IqHandler): void {
    this.#handlers.set(`${type} ${name} ${xmlns}`, handler);
  }

  /**
   * The answer to a request. Every request gets one (RFC 6120 §8.2.3).
   *
   * @throws {StorageError} from the handler: the request is to come again
   */
  async answer(iq: XmlElement): Promise<XmlElement> {
    const [child, ...more] = iq.getChildElements();
    if (!child || more.length > 0) return iqError(iq.attrs, "bad-request");
    const handler = this.#handlers.get(`${iq.attrs.type} ${child.getName()} ${child.getNS()}`);
    if (!handler) return iqError(iq.attrs, "service-unavailable");
    try {
      const result = await handler(child, iq);
      return xml("iq", { type: "result", to: iq.attrs.from, id: iq.attrs.id }, result);
    } catch (error) {
      const failure = asStorageFailure(error);
      if (failure) throw failure;
      if (error instanceof StanzaError) return iqError(iq.attrs, error.condition);
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error(
        { request: child.getName(), xmlns: child.getNS(), reason },
        "a request could not be answered",
      );
      return iqError(iq.attrs, "internal-server-error");
    }
  }
}
