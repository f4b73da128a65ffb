import type { XmlElement } from "@larder/core";
import { NS_AVATAR_METADATA } from "./namespaces.js";
import { type ParserItem, PayloadError } from "./parser.js";
import { oneLine, requirePayload, wholeNumber } from "./payload.js";

/** The `parsed` of an avatar (CONTRACT, "Parsed data"): that of the image in the data node. */
export type Avatar = {
  /** SHA-1 of the image, and its item in the data node. */
  readonly id: string;
  readonly type: string;
  readonly bytes: number;
  /** In pixels. */
  readonly width?: number;
  readonly height?: number;
};

const url = ({ attrs }: XmlElement) => oneLine(attrs.url);

/**
 * Reads avatar metadata (XEP-0084 §4.2). Of several formats the one that the data node holds is taken: an image at
 * a web address would have to be fetched from somebody else.
 *
 * @returns nothing but an empty object where the avatar is switched off (§4.2.1: no `<info/>`)
 * @throws {PayloadError} it is something else, or lacks what §4.2.1 requires
 */
export default function parseAvatar({ id: itemId, payload }: ParserItem): Avatar | Record<string, never> {
  requirePayload(payload, "metadata", NS_AVATAR_METADATA);
  const formats = payload.getChildren("info", NS_AVATAR_METADATA);
  const published = formats.filter((info) => url(info) === undefined);
  const info = published.find(({ attrs }) => attrs.id === itemId) ?? published[0] ?? formats[0];
  if (!info) return {};
  const id = oneLine(info.attrs.id);
  const type = oneLine(info.attrs.type)?.toLowerCase();
  const bytes = wholeNumber(info.attrs.bytes);
  if (id === undefined) throw new PayloadError("id", "the image has none");
  if (type === undefined) throw new PayloadError("type", "the image has none");
  if (bytes === undefined) throw new PayloadError("bytes", "the size of the image is no number");
  const width = wholeNumber(info.attrs.width);
  const height = wholeNumber(info.attrs.height);
  return { id, type, bytes, ...(width !== undefined && { width }), ...(height !== undefined && { height }) };
}
