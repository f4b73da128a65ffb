import { type DataForm, readDataForm } from "./data-form.js";
import { NS_DATA_FORM } from "./namespaces.js";
import type { ParserItem } from "./parser.js";
import { requirePayload } from "./payload.js";

/**
 * Reads an item whose payload is a data form (XEP-0004): tickets, lists and whatever else is kept in one.
 *
 * @throws {PayloadError} it is something else
 */
export default function parseForm({ payload }: ParserItem): DataForm {
  requirePayload(payload, "x", NS_DATA_FORM);
  return readDataForm(payload);
}
