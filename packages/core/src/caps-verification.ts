import { createHash } from "node:crypto";
import { NS_DATA } from "./namespaces.js";
import type { XmlElement } from "./xml/element.js";

/** Hash functions by the names that XEP-0115 has for them. */
const algorithms: Readonly<Record<string, string>> = {
  "sha-1": "sha1",
  "sha-256": "sha256",
  "sha-384": "sha384",
  "sha-512": "sha512",
};

const byCodePoint = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));

/** The values of a form as the verification string has them (XEP-0115 §5.1 step 7). */
function formPart(
  form: XmlElement,
): { readonly type: string; readonly text: string } | "ignored" | "ill-formed" {
  const fields = form.getChildren("field", NS_DATA);
  const valuesOf = (field: XmlElement) => field.getChildren("value", NS_DATA).map((value) => value.text());
  const typeField = fields.find(({ attrs }) => attrs.var === "FORM_TYPE");
  if (typeField?.attrs.type !== "hidden") return "ignored"; // §5.4 step 3.6
  const types = new Set(valuesOf(typeField));
  const [type] = types;
  if (types.size !== 1 || type === undefined) return "ill-formed"; // §5.4 step 3.5
  const others = fields
    .filter((field) => field !== typeField)
    .sort((one, other) => byCodePoint(one.attrs.var ?? "", other.attrs.var ?? ""));
  const text = others.map(
    (field) =>
      `${field.attrs.var ?? ""}<${valuesOf(field)
        .sort(byCodePoint)
        .map((value) => `${value}<`)
        .join("")}`,
  );
  return { type, text: `${type}<${text.join("")}` };
}

/**
 * Whether a disco#info answer is what its hash promised (XEP-0115 §5.4). One that is not, or that could be read in two ways,
 * says something of whoever sent it and of nobody else.
 */
export function verifyCaps(query: XmlElement, hash: string, version: string): boolean {
  const algorithm = Object.hasOwn(algorithms, hash) ? algorithms[hash] : undefined;
  if (algorithm === undefined) return false;
  const identities = query
    .getChildren("identity")
    .map(({ attrs }) =>
      [attrs.category, attrs.type, attrs["xml:lang"], attrs.name].map((part) => part ?? "").join("/"),
    );
  const features = query.getChildren("feature").map(({ attrs }) => attrs.var ?? "");
  const forms = query.getChildren("x", NS_DATA).map(formPart);
  if (forms.includes("ill-formed")) return false;
  const parts = forms.filter((form) => typeof form === "object");
  const types = parts.map(({ type }) => type);
  for (const names of [identities, features, types]) if (new Set(names).size !== names.length) return false;
  if ([...identities, ...features, ...types].some((text) => text.includes("<"))) return false; // §5.1: it would read as two
  const text = [
    ...identities.sort(byCodePoint).map((identity) => `${identity}<`),
    ...features.sort(byCodePoint).map((feature) => `${feature}<`),
    ...parts.sort((one, other) => byCodePoint(one.type, other.type)).map((part) => part.text),
  ].join("");
  return createHash(algorithm).update(text, "utf8").digest("base64") === version;
}
