export type { Author } from "./atom/author.js";
export type { Attachment, CommentsNode, Link, PostReference } from "./atom/links.js";
export type { BlogPost } from "./atom-entry.js";
export { type JsonValue, type Parser, type ParserContext, type ParserItem, PayloadError } from "./parser.js";

/** The parser of microblog posts, as the pool wants it; a new `version` makes stored items be parsed again. */
export const atomEntryParser = {
  module: new URL("./atom-entry.js", import.meta.url).href,
  version: "1",
} as const;
