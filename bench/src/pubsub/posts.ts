import { makeFeed } from "@larder/testing";

export interface Post {
  readonly id: string;
  /** An Atom entry as XML. */
  readonly payload: string;
}

/** A post has its text twice, as XHTML and as plain text; with both it would be half as large again. */
const PLAIN_COPY = /<content type="text">[\s\S]*?<\/content>/;

/** Posts of about 2.2 thousand characters in 13 languages, from the oldest to the newest. */
export function makePosts(count: number, service: string, node: string, seed = 1): Post[] {
  const author = { name: "Alice", jid: "alice@larder.test" };
  return makeFeed({ count, seed, service, node, author, awkward: false }).map(({ id, payload }) => ({
    id,
    payload: payload.replace(PLAIN_COPY, ""),
  }));
}

/** How large they are on average. */
export function describePosts(posts: readonly Post[]): string {
  const mean = (sizeOf: (text: string) => number) =>
    Math.round(posts.reduce((sum, { payload }) => sum + sizeOf(payload), 0) / Math.max(1, posts.length));
  return `${mean((text) => text.length)} characters, ${mean((text) => Buffer.byteLength(text))} bytes`;
}
