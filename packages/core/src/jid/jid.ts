import { isIPv6 } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { InvalidParamsError } from "../errors/errors.js";

/** The parts of an address (RFC 7622 §3); `local` and `resource` are empty strings where absent. */
export interface JidParts {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
}

const MAX_PART_BYTES = 1023; // RFC 7622 §3.1
const FORBIDDEN_IN_LOCAL = /["&'/:<>@\s]/u; // RFC 7622 §3.3.1
/**
 * Never in a PRECIS freeform string. What is not assigned yet is allowed all the same: this build's Unicode
 * may be older than the server's, and a nick with a new emoji must not cost its messages.
 */
const CONTROL = /[\p{Cc}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}]/u;
/**
 * Letters and digits, and what else an identifier may hold outside of ASCII: by rule (RFC 8264 §9.6) or next to certain letters
 * (RFC 5892 §A.3 to §A.9).
 */
const IN_IDENTIFIER =
  /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb]$/u;
const MAX_LABEL_OCTETS = 63; // RFC 1035 §2.3.4

/** No symbols, and nothing that only looks like other characters (RFC 8264 §4.2.3, §9.17). */
const isInIdentifier = (character: string): boolean =>
  character <= "\u007e" || (IN_IDENTIFIER.test(character) && character.normalize("NFKC") === character);

const NOT_IN_IDENTIFIER = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Z}\p{Cf}]/u;

const bytes = (text: string) => Buffer.byteLength(text, "utf8");

/** Fullwidth and halfwidth forms become their ordinary counterparts (RFC 8264 §5.2.1), nothing else is decomposed. */
function mapWidth(text: string): string {
  return text.replace(/[\u{FF01}-\u{FFEF}\u{3000}]/gu, (char) => char.normalize("NFKC"));
}

function normaliseLocal(local: string): string | undefined {
  if (FORBIDDEN_IN_LOCAL.test(local) || NOT_IN_IDENTIFIER.test(local)) return undefined;
  const mapped = mapWidth(local).toLowerCase().normalize("NFC"); // UsernameCaseMapped (RFC 8265 §3.3)
  if (FORBIDDEN_IN_LOCAL.test(mapped) || mapped === "") return undefined;
  return [...mapped].every(isInIdentifier) ? mapped : undefined;
}

/** Node's function follows the URL standard, which decodes %61 and reads 0x7f.1 as an address: no JID does. */
function toAscii(domain: string): string {
  const plain = /^[\x21-\x7e]*$/.test(domain) && !/(^|\.)xn--/i.test(domain);
  if (plain || domain.includes("%")) return domain.toLowerCase();
  return domainToASCII(domain);
}

function normaliseDomain(domain: string): string | undefined {
  const bare = domain.endsWith(".") ? domain.slice(0, -1) : domain; // RFC 7622 §3.2: no trailing dot
  if (bare.startsWith("[") && bare.endsWith("]"))
    return isIPv6(bare.slice(1, -1)) ? bare.toLowerCase() : undefined;
  const ascii = toAscii(mapWidth(bare));
  if (
    ascii === "" ||
    ascii.length > 253 ||
    ascii.split(".").some((label) => label.length > MAX_LABEL_OCTETS) ||
    !/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(ascii)
  ) {
    return undefined;
  }
  return ascii.includes("xn--") ? domainToUnicode(ascii).normalize("NFC") : ascii;
}

function normaliseResource(resource: string): string | undefined {
  const mapped = resource.replace(/\p{Zs}/gu, " ").normalize("NFC"); // OpaqueString (RFC 8265 §4.2)
  return CONTROL.test(mapped) || mapped === "" ? undefined : mapped;
}

function readJid(text: string): JidParts | undefined {
  const slash = text.indexOf("/");
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf("@");
  const local = at < 0 ? "" : normaliseLocal(bare.slice(0, at));
  const domain = normaliseDomain(bare.slice(at + 1));
  const resource = slash < 0 ? "" : normaliseResource(text.slice(slash + 1));
  if (local === undefined || domain === undefined || resource === undefined) return undefined;
  if (bytes(local) > MAX_PART_BYTES || bytes(domain) > MAX_PART_BYTES || bytes(resource) > MAX_PART_BYTES)
    return undefined;
  return Object.freeze({ local, domain, resource });
}

/** Addresses read lately: a stanza is asked for its own several times, and the same few hold most conversations. */
const lately = new Map<string, JidParts | undefined>();
const MOST_KEPT = 2000;
/** Longer ones are seldom, and would be much to keep. */
const LONGEST_KEPT = 200;

/**
 * Splits and normalises an address (RFC 7622 §3.1: the first slash ends the bare JID, then the first
 * at-sign ends the localpart).
 *
 * @returns undefined where the text is no JID
 */
export function parseJid(text: string): JidParts | undefined {
  if (text.length > LONGEST_KEPT) return readJid(text);
  const known = lately.get(text);
  if (known !== undefined || lately.has(text)) return known;
  if (lately.size >= MOST_KEPT) lately.clear();
  // A part of a longer text would keep all of that in memory.
  const copy = Buffer.from(text, "utf16le").toString("utf16le");
  const parts = readJid(copy);
  lately.set(copy, parts);
  return parts;
}

/** The text of an address. */
export function formatJid({ local, domain, resource }: JidParts): string {
  return `${local === "" ? "" : `${local}@`}${domain}${resource === "" ? "" : `/${resource}`}`;
}

/** An address in its normal form, or undefined where the text is none. */
export function normaliseJid(text: string): string | undefined {
  const parts = parseJid(text);
  return parts && formatJid(parts);
}

/**
 * The bare JID of an address from the network; what cannot be read gives undefined, so that it equals no
 * address of ours.
 */
export function bareJid(text: string | undefined): string | undefined {
  const parts = text === undefined ? undefined : parseJid(text);
  return parts && formatJid({ ...parts, resource: "" });
}

/** The resource of an address, or undefined where it has none or is no address. */
export function resourceOf(text: string | undefined): string | undefined {
  const parts = text === undefined ? undefined : parseJid(text);
  return parts?.resource || undefined;
}

/**
 * An address that a person or program gave.
 *
 * @param path names the parameter in the error
 * @throws {InvalidParamsError} it is no JID
 */
export function requireJid(text: string, path: string): JidParts {
  const parts = parseJid(text);
  if (!parts)
    throw new InvalidParamsError(path, `${path}: "${text}" is not a JID (expected name@domain or domain)`);
  return parts;
}
