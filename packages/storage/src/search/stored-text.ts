import type { StoredText } from "./prepare.js";

/** Stored text as a string. */
export const textOf = <Text extends StoredText | undefined>(text: Text): Exclude<Text, Uint8Array> | string =>
  (typeof text === "object" ? Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString() : text) as
    | Exclude<Text, Uint8Array>
    | string;
