import test from "ava";
import { normaliseJson } from "./normalise-json.js";

const MAX = 10_000;

test("ordinary values are written as JSON.stringify writes them", (t) => {
  for (const value of [
    null,
    true,
    0,
    -0,
    1.5e300,
    "",
    'quotes " and \\ and \u2028 and 👩‍👩‍👧‍👦',
    [],
    {},
    [1, [2, [3]]],
    { a: { b: [{ c: null }] }, "d.e": "f" },
    { skipped: undefined, kept: 1, fn: () => 1, [Symbol("s")]: 1 },
    [undefined, () => 1, Number.NaN, Number.NEGATIVE_INFINITY],
    { date: new Date(0), none: new Date(Number.NaN) },
    Object.create({ inherited: 1 }),
  ]) {
    t.is(normaliseJson(value, MAX).json, JSON.stringify(value));
  }
});

test("U+0000 and lone surrogates go, whole pairs and escaped ones stay", (t) => {
  t.is(normaliseJson("a\u0000b\ud83d\udc4b\ud83dc\udc4b\\u0000", MAX).json, JSON.stringify("ab👋c\\u0000"));
  t.is(normaliseJson({ "k\u0000": 1, k: 2, "\udc00": 3 }, MAX).json, '{"k":1,"":3}');
});

test("the same object twice is no cycle", (t) => {
  const shared = { a: 1 };
  t.is(normaliseJson([shared, shared, { shared }], MAX).json, '[{"a":1},{"a":1},{"shared":{"a":1}}]');
});

test("what JSON does not have is refused", (t) => {
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  let deep: unknown = 1;
  for (let i = 0; i < 1000; i++) deep = [deep];
  for (const [value, message] of [
    [cycle, /contains itself/],
    [deep, /nested more than 200 deep/],
    [1n, /BigInt/],
    [new Map(), /Map or Set/],
    [undefined, /returned nothing/],
    [() => 1, /returned nothing/],
  ] as const) {
    t.throws(() => normaliseJson(value, MAX), { name: "ResultError", message });
  }
});

test("the limit counts bytes, and is reached exactly", (t) => {
  t.is(normaliseJson("é".repeat(4), 10).json, '"éééé"');
  t.throws(() => normaliseJson("é".repeat(4), 9), { message: /larger than 9 bytes/ });
});

test("endless structures end at the limit", (t) => {
  const endless = new Proxy([], {
    get: (target, key) => (key === "length" ? 2 ** 32 : Reflect.get(target, key)),
  });
  t.throws(() => normaliseJson(endless, MAX), { message: /larger than/ });
});

test("a toJSON on a prototype changes nothing", (t) => {
  class WithToJson {
    a = 1;
    toJSON() {
      return "changed";
    }
  }
  t.is(normaliseJson(new WithToJson(), MAX).json, '{"a":1}');
});

test("the plain value is what the JSON says, and nothing of the parser's own", (t) => {
  const given = {
    a: [1, undefined, { b: new Date(0), c: Number.NaN }],
    "k\u0000": "x\ud800",
    ["__proto__"]: { z: 1 },
    f() {},
  };
  const { json, value } = normaliseJson(given, MAX);
  t.deepEqual(value, JSON.parse(json));
  t.is(Object.getPrototypeOf(value), Object.prototype);
  t.is(JSON.stringify(value), json);
});
