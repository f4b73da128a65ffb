/** Characters of an address at most. */
const MAX_ADDRESS_CHARACTERS = 8000;

/**
 * Reads the address of something on the web. Browsers read `https:/logout` as relative to the page that it stands in, and `https:`
 * alone likewise: a host has to be stated.
 *
 * @returns the address as the URL standard writes it; undefined where it is none of `http` or `https`
 */
export function readWebAddress(text: string | null | undefined): string | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed.length > MAX_ADDRESS_CHARACTERS || !/^https?:\/\/[^/\\?#]/i.test(trimmed)) return undefined;
  if (!URL.canParse(trimmed)) return undefined;
  const { protocol, host, href } = new URL(trimmed);
  return host !== "" && (protocol === "https:" || protocol === "http:") ? href : undefined;
}
