import type { XmlElement } from "@larder/core";
import { NS_DATA_FORM } from "./namespaces.js";
import { oneLine } from "./payload.js";

/** Values by the fields' names: a list for fields that may hold several (XEP-0004 §3.3) or do. */
export type FormValues = { readonly [field: string]: string | readonly string[] };

/** A data form as JSON. */
export type DataForm = {
  /** XEP-0068 §2. */
  readonly formType?: string;
  readonly title?: string;
  readonly fields: FormValues;
  /** Rows of a form with several results (XEP-0004 §3.4). */
  readonly items?: readonly FormValues[];
};

const LISTS = ["jid-multi", "list-multi", "text-multi"];

function readFields(parent: XmlElement): FormValues {
  const fields = new Map<string, string | string[]>();
  for (const field of parent.getChildren("field", NS_DATA_FORM)) {
    const name = field.attrs.var;
    if (!name || name === "FORM_TYPE" || fields.has(name)) continue;
    const values = field.getChildren("value", NS_DATA_FORM).map((value) => value.getText());
    const [first] = values;
    if (LISTS.includes(field.attrs.type ?? "") || values.length > 1) fields.set(name, values);
    else if (first !== undefined) fields.set(name, first);
  }
  return Object.fromEntries(fields); // defines its members: a field named __proto__ is one like any other
}

/**
 * Reads a data form (XEP-0004). Values are text as they stand, also those of booleans, because what somebody
 * submits says nothing about its types. A field without a value is left out, but for lists.
 */
export function readDataForm(form: XmlElement): DataForm {
  const types = form.getChildren("field", NS_DATA_FORM).filter(({ attrs }) => attrs.var === "FORM_TYPE");
  const formType = oneLine(types[0]?.getChildText("value", NS_DATA_FORM));
  const title = oneLine(form.getChildText("title", NS_DATA_FORM));
  const items = form.getChildren("item", NS_DATA_FORM).map(readFields);
  return {
    ...(formType && { formType }),
    ...(title && { title }),
    fields: readFields(form),
    ...(items.length > 0 && { items }),
  };
}
