import type { XmlElement } from "@larder/core";
import { readAddress } from "@larder/core/address";
import { NS_VCARD4 } from "./namespaces.js";
import type { ParserItem } from "./parser.js";
import { oneLine, requirePayload } from "./payload.js";

/** The `parsed` of a vCard (CONTRACT, "Parsed data"). */
export type VCard = {
  readonly fullName?: string;
  readonly nicknames: readonly string[];
  readonly emails: readonly string[];
  readonly urls: readonly string[];
  readonly note?: string;
  /** As far as it is told: `1966-08-06`, `1966`, `--08-06`, or words. */
  readonly birthday?: string;
  readonly organization?: string;
};

const PROPERTIES = new Set(["fn", "nickname", "email", "url", "note", "bday", "org"]);

/** Properties by name, those in groups too (RFC 6351 §5): most preferred first, else in their order. */
function readProperties(card: XmlElement): Map<string, XmlElement[]> {
  const groups = card.getChildren("group", NS_VCARD4);
  const properties = new Map<string, XmlElement[]>();
  for (const element of [card, ...groups].flatMap((parent) => parent.getChildElements())) {
    const name = element.getName();
    if (element.getNS() !== NS_VCARD4 || !PROPERTIES.has(name)) continue;
    const known = properties.get(name);
    if (known) known.push(element);
    else properties.set(name, [element]);
  }
  for (const elements of properties.values()) elements.sort((a, b) => preference(a) - preference(b));
  return properties;
}

/** RFC 6350 §5.3: 1 is the most preferred of 100; what says nothing comes last. */
function preference(property: XmlElement): number {
  const pref = property.getChild("parameters", NS_VCARD4)?.getChild("pref", NS_VCARD4);
  const number = Number(pref?.getChildText("integer", NS_VCARD4) ?? pref?.getText());
  return number >= 1 && number <= 100 ? number : 101;
}

/** The values of a property, whatever their types: text, uri, date, … */
const valuesOf = (property: XmlElement): XmlElement[] =>
  property.getChildElements().filter((child) => child.getName() !== "parameters");

/** `19660806` as `1966-08-06`; other forms (RFC 6350 §4.3) stay as they are. */
const dashed = (date: string): string =>
  date.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3").replace(/^--(\d\d)(\d\d)$/, "--$1-$2");

/**
 * Reads a vCard (XEP-0292, RFC 6351).
 *
 * @throws {PayloadError} it is something else
 */
export default function parseVCard({ payload }: ParserItem): VCard {
  // RFC 6351 wraps cards in <vcards/>, and some clients publish that.
  const card = payload.is("vcards", NS_VCARD4) ? (payload.getChild("vcard", NS_VCARD4) ?? payload) : payload;
  requirePayload(card, "vcard", NS_VCARD4);
  const properties = readProperties(card);
  const all = (name: string): string[] => {
    const values = (properties.get(name) ?? []).flatMap(valuesOf).map((value) => oneLine(value.getText()));
    return [...new Set(values.filter((value) => value !== undefined))];
  };
  const [fullName] = all("fn");
  const [birthday] = all("bday");
  const [organization] = properties.get("org") ?? [];
  const units = organization && valuesOf(organization).flatMap((value) => oneLine(value.getText()) ?? []);
  const note = (properties.get("note") ?? [])
    .flatMap(valuesOf)
    .map((value) => value.getText().trim())
    .find((text) => text !== "");
  return {
    ...(fullName && { fullName }),
    nicknames: all("nickname"),
    emails: all("email").map((email) => email.replace(/^mailto:/i, "")),
    urls: all("url").flatMap((url) => readAddress(url) ?? []),
    ...(note && { note }),
    ...(birthday && { birthday: dashed(birthday) }),
    ...(units?.length && { organization: units.join(", ") }),
  };
}
