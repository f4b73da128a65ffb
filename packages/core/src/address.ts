/**
 * Web addresses and other URIs that anybody has written. It stands without the rest of this package, so that a thread that
 * parses items is there sooner.
 */

/** Schemes that run something, or show what is on the reader's machine: no front-end should make a link of them. */
const DANGEROUS = new Set([
  ...[
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "intent",
    "javascript",
    "jar",
    "resource",
    "vbscript",
  ],
  ...["view-source", "ws", "wss"],
]);
/** Schemes of the URL standard with a host; a browser takes `https:/path` and `https:path` for relative addresses. */
const WITH_HOST = new Set(["ftp", "http", "https"]);
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
/** Nothing in it that a browser would read otherwise than it is written. */
const AS_WRITTEN = /^[a-z][a-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]*$/;
const MAX_ADDRESS_CHARS = 8192;

function parsed(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** The scheme of an absolute address in lower case; undefined if it has none. */
export const schemeOf = (address: string): string | undefined => SCHEME.exec(address)?.[1]?.toLowerCase();

/**
 * Reads an address as people and programs write it: blanks at its ends and its line breaks do not count, other blanks are
 * encoded, and a relative one is resolved.
 *
 * @param base absolute address that a relative one refers to; without it a relative one is none
 * @returns an absolute address without blanks, of a scheme that harms nobody, with a host if its scheme has hosts; else
 *   undefined
 */
export function readAddress(text: string | null | undefined, base?: string): string | undefined {
  if (text == null || text.length > MAX_ADDRESS_CHARS) return undefined;
  const whole = text.trim().replace(/[\t ]*[\r\n]+[\t ]*/g, "");
  if (whole === "") return undefined;
  const scheme = schemeOf(whole);
  if (
    scheme === undefined ||
    (WITH_HOST.has(scheme) && !/^\/\/[^/?#\\]/.test(whole.slice(scheme.length + 1)))
  )
    return base === undefined ? undefined : readAddress(resolved(whole, base));
  if (DANGEROUS.has(scheme)) return undefined;
  const url = parsed(whole);
  if (!url || (WITH_HOST.has(scheme) && url.hostname === "")) return undefined;
  if (AS_WRITTEN.test(whole)) return whole;
  // The standard leaves blanks and quotes of opaque paths as they are.
  return url.href.replace(/[\s"<>`\\^{|}]/g, (character) => encodeURIComponent(character));
}

function resolved(text: string, base: string): string | undefined {
  const url = parsed(text, base);
  return url && schemeOf(base) === url.protocol.slice(0, -1) ? url.href : undefined;
}

/** An address of the web: http or https, with a host. As {@link readAddress} else. */
export function readWebAddress(text: string | null | undefined, base?: string): string | undefined {
  const address = readAddress(text, base);
  return address !== undefined && /^https?:/i.test(address) ? address : undefined;
}
