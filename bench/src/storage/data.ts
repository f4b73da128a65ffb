import type { ItemInput } from "@larder/storage";

const SYLLABLES = "ba ke lo mi nu ra se ti vo zu pal ger hon dis fum cla".split(" ");
const WORDS = Array.from({ length: 4096 }, (_, n) =>
  [n >> 8, (n >> 4) & 15, n & 15].map((digit) => SYLLABLES[digit]).join(""),
);
/** A word that one item in a thousand has. */
export const RARE = "quincunx";
const AUTHORS = 5000;

/** Words of which a few are frequent and most are rare, as in human text; the same for the same number. */
export function prose(n: number, count: number): string {
  let state = (n * 2654435761 + 1) >>> 0;
  const words: string[] = [];
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const share = state / 2 ** 32;
    words.push(WORDS[Math.floor(share * share * share * WORDS.length)] ?? "");
  }
  return words.join(" ");
}

export const authorOf = (n: number) => `author${(n * 7919) % AUTHORS}@larder.test`;

/** An item of about 1.5 KB of XML, parsed as a blog post is; the same for the same number. */
export function makeItem(n: number): ItemInput {
  const title = prose(n, 6);
  const text = `${prose(n + 1e9, 120)}${n % 1000 === 500 ? ` ${RARE}` : ""}`;
  const published = new Date(1.6e12 + n * 60_000).toISOString();
  const author = { name: prose(n + 2e9, 2), jid: authorOf(n), verified: true };
  const parsed = {
    id: `post-${n}`,
    title,
    text,
    author,
    published,
    updated: published,
    tags: [WORDS[n % 97]],
  };
  const itemId = `item-${n}`;
  return {
    itemId,
    publisher: author.jid,
    xml: `<item xmlns="http://jabber.org/protocol/pubsub" id="${itemId}"><entry xmlns="http://www.w3.org/2005/Atom"><id>post-${n}</id><title>${title}</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>${text}</p></div></content><author><name>${author.name}</name><uri>xmpp:${author.jid}</uri></author><published>${published}</published><updated>${published}</updated><category term="${parsed.tags[0]}"/></entry></item>`,
    parsedJson: JSON.stringify(parsed),
    parser: "bench@1",
    text: `${title}\n${text}\n${parsed.tags[0]}\n${author.name}`,
  };
}

export const makePage = (from: number, count: number): ItemInput[] =>
  Array.from({ length: count }, (_, at) => makeItem(from + at));
