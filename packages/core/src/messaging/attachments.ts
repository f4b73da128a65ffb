import { readWebAddress } from "../address.js";
import {
  NS_FILE_METADATA,
  NS_HASHES,
  NS_JINGLE_FILE,
  NS_OOB,
  NS_REFERENCE,
  NS_SFS,
  NS_SIMS,
  NS_URL_DATA,
} from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";

/** A file that a message shares. */
export interface Attachment {
  /** On the web, with a host. */
  readonly url: string;
  readonly name?: string;
  /** In bytes. */
  readonly size?: number;
  /** Media type. */
  readonly type?: string;
  /** Name of the algorithm, a colon, and the hash in Base64 (XEP-0300). */
  readonly hash?: string;
}

/** Files of one message that are read at most. */
const MAX_ATTACHMENTS = 50;
const MAX_TEXT_CHARACTERS = 1000;

const shortText = (text: string | null | undefined): string | undefined => {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" || trimmed.length > MAX_TEXT_CHARACTERS ? undefined : trimmed;
};

function sizeOf(text: string | null | undefined): number | undefined {
  const size = /^\d{1,15}$/.test(text?.trim() ?? "") ? Number(text) : undefined;
  return size !== undefined && Number.isSafeInteger(size) ? size : undefined;
}

/** SHA-256 where it is among several, else the first. */
function hashOf(file: XmlElement): string | undefined {
  const hashes = file.getChildren("hash", NS_HASHES).flatMap((hash) => {
    const algorithm = shortText(hash.attrs.algo);
    const value = shortText(hash.text());
    return algorithm === undefined || value === undefined ? [] : [`${algorithm}:${value}`];
  });
  return hashes.find((hash) => hash.startsWith("sha-256:")) ?? hashes[0];
}

function described(url: string, file: XmlElement | undefined): Attachment {
  const name = shortText(file?.getChildText("name"));
  const size = sizeOf(file?.getChildText("size"));
  const type = shortText(file?.getChildText("media-type"));
  const hash = file && hashOf(file);
  return {
    url,
    ...(name !== undefined && { name }),
    ...(size !== undefined && { size }),
    ...(type !== undefined && { type }),
    ...(hash !== undefined && { hash }),
  };
}

/** Stateless file sharing (XEP-0447 §3): the first source that is on the web. */
function shared(sharing: XmlElement): Attachment | undefined {
  const targets = sharing.getChild("sources")?.getChildren("url-data", NS_URL_DATA) ?? [];
  const url = firstAddress(targets.map(({ attrs }) => attrs.target));
  return url === undefined ? undefined : described(url, sharing.getChild("file", NS_FILE_METADATA));
}

/** Stateless inline media sharing (XEP-0385 §3). */
function inlined(reference: XmlElement): Attachment | undefined {
  const media = reference.getChild("media-sharing", NS_SIMS);
  const sources = media?.getChild("sources")?.getChildren("reference", NS_REFERENCE) ?? [];
  const url = firstAddress(sources.map(({ attrs }) => attrs.uri));
  return url === undefined ? undefined : described(url, media?.getChild("file", NS_JINGLE_FILE));
}

/** Out of band data (XEP-0066 §3). */
function outOfBand(x: XmlElement): Attachment | undefined {
  const url = readWebAddress(x.getChildText("url"));
  return url === undefined ? undefined : described(url, undefined);
}

function firstAddress(texts: readonly (string | undefined)[]): string | undefined {
  for (const text of texts.slice(0, MAX_ATTACHMENTS)) {
    const url = readWebAddress(text);
    if (url !== undefined) return url;
  }
  return undefined;
}

const readers: readonly (readonly [
  name: string,
  namespace: string,
  read: (element: XmlElement) => Attachment | undefined,
])[] = [
  ["file-sharing", NS_SFS, shared],
  ["reference", NS_REFERENCE, inlined],
  ["x", NS_OOB, outOfBand],
];

/** The files that a message shares, each once, described as fully as any of its ways of saying so does; at most fifty. */
export function readAttachments(message: XmlElement): Attachment[] {
  const found = new Map<string, Attachment>();
  for (const [name, namespace, read] of readers)
    for (const element of message.getChildren(name, namespace).slice(0, MAX_ATTACHMENTS)) {
      const attachment = read(element);
      if (attachment && !found.has(attachment.url)) found.set(attachment.url, attachment);
    }
  return [...found.values()].slice(0, MAX_ATTACHMENTS);
}
