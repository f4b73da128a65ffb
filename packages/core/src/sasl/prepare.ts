/** Characters that SASLprep maps to nothing (RFC 3454 B.1). */
const MAPPED_TO_NOTHING =
  /\u00AD|\u034F|\u1806|[\u180B-\u180D]|[\u200B-\u200D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu;
/** Spaces that it maps to the ordinary one (RFC 3454 C.1.2). */
const OTHER_SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/gu;

/**
 * A name or password as SCRAM wants it (RFC 5802 §2.2: SASLprep, RFC 4013 §2.1 and §2.2). PRECIS (RFC 8265
 * OpaqueString) differs only in keeping compatibility characters; servers of today prepare with SASLprep,
 * so both sides have to. What SASLprep prohibits is left to the server to refuse.
 */
export function saslPrepare(text: string): string {
  return text.replace(OTHER_SPACES, " ").replace(MAPPED_TO_NOTHING, "").normalize("NFKC");
}
