import test from "ava";
import { JsonText, lineIsOver, lineOf } from "../dist/bridge/json-text.js";

const answer = (id: number, value: unknown) => {
  const text = JSON.stringify(value);
  const half = text.length >> 1;
  // Text and bytes in turns, as a page of items has them.
  const result = new JsonText(['{"value":', Buffer.from(text.slice(0, half)), text.slice(half), "}"]);
  return { jsonrpc: "2.0", id, result };
};

const read = (value: unknown): unknown => {
  const line = lineOf(value);
  const text = line.toString();
  lineIsOver(line);
  return JSON.parse(text);
};

test("what is JSON already goes out as it is, alone and in a batch, small and large", (t) => {
  for (const value of ["é 🫖 \u2028 \"'\\", "ж".repeat(2_000_000), { list: [1, null, "ü"] }]) {
    const expected = (id: number) => ({ jsonrpc: "2.0", id, result: { value } });
    t.deepEqual(read(answer(1, value)), expected(1));
    const plain = { jsonrpc: "2.0", id: 2, result: value };
    t.deepEqual(read([answer(1, value), plain, answer(3, value)]), [expected(1), plain, expected(3)]);
    t.deepEqual(read([plain]), [plain]);
  }
});
