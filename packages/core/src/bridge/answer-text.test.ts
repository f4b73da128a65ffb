import test from "ava";
import { ELEMENT_MARK, readJsonLine } from "./answer-text.js";

const answer = (count: number, body: string) => ({
  jsonrpc: "2.0",
  id: 1,
  result: {
    messages: Array.from({ length: count }, (_, n) => ({ n, body, list: [{ n }, []] })),
    complete: true,
    others: [] as number[],
  },
});

/** As the daemon writes it. */
const marked = ({ result: { messages, ...rest }, ...outer }: ReturnType<typeof answer>) =>
  `${JSON.stringify(outer).slice(0, -1)},"result":{"messages":[${ELEMENT_MARK}${messages
    .map((each) => JSON.stringify(each))
    .join(`,${ELEMENT_MARK}`)}${ELEMENT_MARK}],${JSON.stringify(rest).slice(1)}}`;

/** In pieces of so many bytes. */
function cut(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
}

test("an answer is what it is, marked or not, small or large, wherever it is cut", (t) => {
  for (const [count, body] of [
    [2, "small"],
    [1, "x".repeat(200_000)],
    [60, `tab \t, ${"héllo 👋🏽 ".repeat(400)}`],
  ] as const) {
    const said = answer(count, body);
    for (const size of [997, 65_536, 1_000_000]) {
      t.deepEqual(readJsonLine(cut(marked(said), size)), said);
      t.deepEqual(readJsonLine(cut(JSON.stringify(said), size)), said);
      t.deepEqual(readJsonLine(cut(JSON.stringify(said, null, "\t").replaceAll("\n", ""), size)), said);
    }
  }
});

test("marks that are elsewhere than in an answer's list are white space", (t) => {
  const long = "x".repeat(200_000);
  for (const line of [
    `{"result":{"other":{"list":[\t1,\t2\t]},"text":"${long}"}}`,
    `{"result":{"list":[\t1,\t2\t],"more":[\t3\t],"text":"${long}"}}`,
    `{"result":{"list":[0,\t1\t],"text":"${long}"}}`,
    `{"list":[\t"${long}"\t]}`,
    `{"result":{"list":[],"other":{"list":[\t1\t]},"text":"${long}"}}`,
    `[\t{"result":{"list":[\t"${long}"\t]}}\t]`,
    `{"result":{"list":[\t\t],"text":"${long}"}}`,
  ])
    t.deepEqual(readJsonLine([Buffer.from(line)]), JSON.parse(line));
});

test("what is no JSON is refused", (t) => {
  for (const line of ["{", `{"result":{"list":[\t{\t]},"x":"${"x".repeat(200_000)}"`])
    t.throws(() => readJsonLine([Buffer.from(line)]), { instanceOf: SyntaxError });
});
