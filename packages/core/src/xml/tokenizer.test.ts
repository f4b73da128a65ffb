import test from "ava";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { XmlTokenizer } from "./tokenizer.js";

type Seen = readonly (string | Record<string, string>)[][];

/** What a text is read as, and whether it was refused; texts that stand side by side count as one. */
interface Reading {
  readonly seen: Seen;
  readonly refused: boolean;
}

class Recorder {
  readonly seen: (string | Record<string, string>)[][] = [];
  open(name: string, attributes: Record<string, string>) {
    this.seen.push(["open", name, { ...attributes }]);
  }
  close(name: string) {
    this.seen.push(["close", name]);
  }
  text(text: string) {
    const last = this.seen.at(-1);
    if (last?.[0] === "text") last[1] = `${last[1]}${text}`;
    else if (text !== "") this.seen.push(["text", text]);
  }
}

function ours(pieces: readonly string[]): Reading {
  const recorder = new Recorder();
  const tokenizer = new XmlTokenizer(recorder);
  try {
    for (const piece of pieces) tokenizer.write(piece);
  } catch {
    return { seen: recorder.seen, refused: true };
  }
  return { seen: recorder.seen, refused: false };
}

class Refused extends Error {}

function saxes(text: string): Reading {
  const recorder = new Recorder();
  const parser = new SaxesParser({ xmlns: false });
  const refuse = () => {
    throw new Refused();
  };
  let depth = 0;
  let ended = false;
  parser.on("opentag", ({ name, attributes }) => {
    depth++;
    if (!ended) recorder.open(name, attributes);
  });
  parser.on("closetag", ({ name }) => {
    if (!ended) recorder.close(name);
    if (--depth === 0) ended = true;
  });
  parser.on("text", (data) => depth > 0 && recorder.text(data));
  parser.on("cdata", (data) => depth > 0 && recorder.text(data));
  for (const what of ["comment", "doctype", "processinginstruction"] as const)
    parser.on(what, () => !ended && refuse());
  // A wrong end tag is told as an end before it is told as a fault.
  parser.on("error", ({ message }) => (!ended || message.includes("unexpected close tag")) && refuse());
  try {
    parser.write(text);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { seen: recorder.seen, refused: true };
  }
  return { seen: recorder.seen, refused: false };
}

const name = fc.constantFrom("a", "b", "stream:stream", "é", "名", "a-1.b", "_", "xml:lang", "𐀀x");
const plain = fc.constantFrom(
  "x",
  "é",
  "👋",
  " ",
  "\n",
  "\r\n",
  "\r",
  "\t",
  ">",
  "'",
  '"',
  "]",
  "]]",
  "-",
  "/",
  "=",
);
const reference = fc.constantFrom(
  "&amp;",
  "&lt;",
  "&gt;",
  "&quot;",
  "&apos;",
  "&#65;",
  "&#x1F44B;",
  "&#xA;",
  "&#009;",
);
const content = fc
  .array(fc.oneof({ weight: 4, arbitrary: plain }, reference), { maxLength: 6 })
  .map((parts) => parts.join(""));
const blank = fc.constantFrom("", " ", "\n", "\t ");
const attribute = fc
  .tuple(fc.constantFrom(" ", "\n", " \t"), name, blank, blank, fc.constantFrom('"', "'"), content)
  .map(
    ([before, key, left, right, quote, value]) =>
      `${before}${key}${left}=${right}${quote}${value.replaceAll(quote, "")}${quote}`,
  );
const cdata = content.map((text) => `<![CDATA[${text.replaceAll("]]>", "")}]]>`);

const { element } = fc.letrec<{ element: string; node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    content.map((text) => text.replaceAll("]]>", "")),
    cdata,
    tie("element"),
  ),
  element: fc
    .tuple(
      name,
      fc.uniqueArray(attribute, { maxLength: 3 }),
      blank,
      fc.array(tie("node"), { maxLength: 4 }),
      blank,
    )
    .map(([tag, attributes, end, nodes, closing]) =>
      nodes.length === 0
        ? `<${tag}${attributes.join("")}${end}/>`
        : `<${tag}${attributes.join("")}${end}>${nodes.join("")}</${tag}${closing}>`,
    ),
}));

/** What breaks a document, or only looks so. */
const faults = [
  ...[
    "<",
    ">",
    "&",
    "&amp",
    "&lol;",
    "&#0;",
    "&#xD800;",
    "&#X41;",
    "&;",
    "& ",
    "]]>",
    "\0",
    "\u0008",
    "\ufffe",
    "\ud800",
  ],
  ...[
    "<!-- x -->",
    "<?php ?>",
    "<!DOCTYPE a>",
    "<![CDATA[",
    "]]",
    "</a>",
    "<a",
    "<a b>",
    "<a b=c>",
    "<a b='1' b='2'>",
  ],
  ...[
    "<a b='<'>",
    "<a b='1'c='2'>",
    "< a>",
    "<1>",
    "</ a>",
    "</>",
    "<a/ >",
    "<a / >",
    "='",
    "\u007f",
    "\u0085",
    "'",
    '"',
  ],
];
const document = fc
  .tuple(fc.constantFrom("", "<?xml version='1.0'?>", '<?xml version="1.0" encoding="UTF-8"?>'), element)
  .map((parts) => parts.join(""));
const broken = fc
  .tuple(
    document,
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...faults)), { minLength: 1, maxLength: 2 }),
  )
  .map(([text, changes]) =>
    changes.reduce((so_far, [at, removed, fault]) => {
      const place = at % (so_far.length + 1);
      return so_far.slice(0, place) + fault + so_far.slice(place + removed);
    }, text),
  );

/** Cuts a text at some places, between the halves of characters too. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => text.slice(places[index], end));
}
const cuts = fc.array(fc.nat(), { maxLength: 8 });
const runs = process.env.LARDER_SOAK ? 200_000 : 5000;

test("well-formed documents are read as saxes reads them, however they are cut", (t) => {
  fc.assert(
    fc.property(document, cuts, (text, places) => {
      const expected = saxes(text);
      if (expected.refused) return; // the same attribute twice
      t.deepEqual(ours(pieces(text, places)), expected);
    }),
    { numRuns: runs },
  );
});

/** Ends whatever is unfinished. */
const rest = `?>-->]]>'>">'></x>`;

test("what saxes refuses is refused, whole and cut, and nothing else", (t) => {
  fc.assert(
    fc.property(broken, cuts, (text, places) => {
      // saxes takes a half surrogate pair, and what follows it, for one character.
      if (!text.isWellFormed()) {
        const { refused, seen } = ours([`${text}${rest}`]);
        const hasEnded =
          seen.filter(([what]) => what === "open").length * 2 ===
          seen.filter(([what]) => what !== "text").length;
        t.true(refused || hasEnded, JSON.stringify(text));
        return;
      }
      const expected = saxes(text);
      const found = [ours([text]), ours(pieces(text, places)), ours([...text])];
      for (const { refused } of found) {
        // Of what has no end yet, one may see sooner than the other that it can have none.
        if (!expected.refused)
          t.is(refused, refused && saxes(`${text};${rest}`).refused, JSON.stringify(text));
        else if (!refused) t.true(ours([`${text}${rest}`]).refused, JSON.stringify(text));
      }
    }),
    { numRuns: runs },
  );
});

test("what comes before a fault is told, and nothing behind it", (t) => {
  for (const fault of ["\0", "<!-- -->", "&lol;", "</b>", "]]>"]) {
    const { seen, refused } = ours([`<a><b/>${fault}<c/></a>`]);
    t.true(refused, fault);
    t.deepEqual(
      seen,
      [
        ["open", "a", {}],
        ["open", "b", {}],
        ["close", "b"],
      ],
      fault,
    );
  }
});

test("a text, a tag and a CDATA section in many pieces take time in proportion to their length", (t) => {
  for (const [start, piece, end] of [
    ["<a>", "QUJDRA==", "</a>"],
    ["<a b='", "QUJD> ==", "'/>"],
    ["<a><![CDATA[", "]]x <&>", "]]></a>"],
    ["<a>", "&#x1F44B;", "</a>"],
  ] as const) {
    const begin = process.cpuUsage();
    const { refused, seen } = ours([start, ...Array.from({ length: 300_000 }, () => piece), end]);
    t.false(refused);
    t.is(seen.at(-1)?.[0], "close");
    t.true(process.cpuUsage(begin).user < 3_000_000, start);
  }
});
