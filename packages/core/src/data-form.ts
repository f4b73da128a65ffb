import { NS_DATA } from "./namespaces.js";
import { type XmlElement, xml } from "./xml/element.js";

/** Values of a form's fields; a list stands for several values. */
export type FormFields = Readonly<Record<string, string | readonly string[]>>;

/**
 * A form to submit (XEP-0004 §3.2).
 *
 * @param formType value of the hidden FORM_TYPE field (XEP-0068)
 */
export function submitForm(formType: string, fields: FormFields): XmlElement {
  const field = (name: string, value: string | readonly string[], type?: string) =>
    xml(
      "field",
      { var: name, type },
      [value].flat().map((entry) => xml("value", {}, entry)),
    );
  return xml(
    "x",
    { xmlns: NS_DATA, type: "submit" },
    field("FORM_TYPE", formType, "hidden"),
    Object.entries(fields).map(([name, value]) => field(name, value)),
  );
}

/** The values of a form, without FORM_TYPE. Fields with one value give a string, with others a list. */
export function readForm(form: XmlElement): { formType?: string; fields: Record<string, string | string[]> } {
  const fields = new Map<string, string | string[]>();
  let formType: string | undefined;
  for (const field of form.getChildren("field", NS_DATA)) {
    const name = field.attrs.var;
    const values = field.getChildren("value", NS_DATA).map((value) => value.text());
    if (name === "FORM_TYPE") formType = values[0];
    else if (name !== undefined) fields.set(name, values.length === 1 ? (values[0] ?? "") : values);
  }
  return { formType, fields: Object.fromEntries(fields) }; // also a field named __proto__ is only a field
}
