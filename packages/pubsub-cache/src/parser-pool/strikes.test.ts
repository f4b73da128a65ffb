import test from "ava";
import { Strikes } from "./strikes.js";

const parser = { module: "file:///p.js", version: "1" };

test("a parser is suspended by the last strike that the limit allows, until enough are old", (t) => {
  let now = 1000;
  const strikes = new Strikes(3, 100, () => now);
  t.false(strikes.add(parser));
  now += 50;
  t.false(strikes.add(parser));
  t.is(strikes.suspendedUntil(parser), undefined);
  t.true(strikes.add(parser));
  t.deepEqual(strikes.suspendedUntil(parser), new Date(1100));
  t.is(strikes.suspended.length, 1);
  now = 1100;
  t.is(strikes.suspendedUntil(parser), undefined);
  t.deepEqual(strikes.suspended, []);
  t.true(strikes.add(parser), "two recent ones are left, so one more is enough");
});

test("strikes far apart never add up", (t) => {
  let now = 0;
  const strikes = new Strikes(2, 100, () => now);
  for (; now < 10_000; now += 101) t.false(strikes.add(parser));
});

test("versions and modules are counted apart", (t) => {
  const strikes = new Strikes(1, 100, () => 0);
  strikes.add(parser);
  t.truthy(strikes.suspendedUntil(parser));
  t.is(strikes.suspendedUntil({ ...parser, version: "2" }), undefined);
  t.is(strikes.suspendedUntil({ ...parser, module: "file:///q.js" }), undefined);
});
