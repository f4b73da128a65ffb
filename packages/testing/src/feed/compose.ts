import type { Language } from "./language.js";
import { languages } from "./languages/index.js";
import type { Random } from "./random.js";

/** A piece of a post, before it is mark-up or plain text. */
export type Block =
  | { readonly kind: "paragraph" | "quote"; readonly sentences: readonly string[] }
  | { readonly kind: "list"; readonly sentences: readonly string[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "image"; readonly src: string; readonly alt: string };

/** What a post says. */
export interface Post {
  readonly language: Language;
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly tags: readonly string[];
}

const WANTED_BYTES = 1450;
const EMOJI = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👋🏽", "🇫🇷", "🧑🏾‍💻", "🍞", "🚲", "🌱", "👨🏿‍🌾", "🇯🇵", "❤️", "☔"];
const COMMANDS = [
  "tar -xf backup.tar -C /mnt/test\ndiff -r /srv /mnt/test && echo same",
  'for f in *.jpg; do\n  convert "$f" -resize 1600 "small/$f"\ndone',
  "if (a < b && b > 0) { swap(a, b); }",
];

/** Sentences until the post has its size, first those of its subject; numbers filled in. */
function sentencesFor(language: Language, subject: number, random: Random): string[] {
  const [first, second, third] = [0, 1, 2].map(
    (step) => language.topics[(subject + step) % 3]?.sentences ?? [],
  );
  const ordered = [first, second, language.general, third].flatMap((pool) => random.shuffle(pool ?? []));
  const chosen: string[] = [];
  let bytes = 0;
  for (const sentence of ordered) {
    if (bytes >= WANTED_BYTES) break;
    const filled = sentence.replace("{n}", String(2 + random.below(28)));
    bytes += Buffer.byteLength(filled);
    chosen.push(filled);
  }
  return chosen;
}

/** Writes a post: a title, about 1.5 KB (UTF-8) of sentences in blocks, tags. */
export function compose(random: Random): Post {
  const language = random.chance(25) ? (languages[0] ?? random.pick(languages)) : random.pick(languages);
  const subject = random.below(3);
  const topic = language.topics[subject] ?? language.topics[0];
  const sentences = sentencesFor(language, subject, random);
  const blocks: Block[] = [];
  while (sentences.length > 0) {
    const part = sentences.splice(0, 2 + random.below(3));
    const kind = blocks.length > 0 && part.length > 1 && random.chance(18) ? "list" : "paragraph";
    blocks.push({ kind: blocks.length > 0 && random.chance(8) ? "quote" : kind, sentences: part });
  }
  if (random.chance(12)) blocks.splice(1, 0, { kind: "code", text: random.pick(COMMANDS) });
  if (random.chance(30)) {
    const src = `https://pictures.example/${random.hex(12)}.jpg`;
    blocks.push({ kind: "image", src, alt: topic.tags[0] ?? "" });
  }
  const emoji = random.chance(25) ? ` ${random.pick(EMOJI)}` : "";
  const title = random.pick(topic.titles).replace("{n}", String(2 + random.below(60))) + emoji;
  const tags = [
    ...topic.tags.slice(0, 1 + random.below(topic.tags.length)),
    ...(emoji && random.chance(30) ? ["💬"] : []),
  ];
  return { language, title, blocks, tags };
}
