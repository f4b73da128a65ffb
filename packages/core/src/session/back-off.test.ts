import test from "ava";
import { BackOff } from "./back-off.js";

test("waits double up to the longest, and half of each is drawn", (t) => {
  const low = new BackOff({ initialMs: 100, maxMs: 1000, random: () => 0 });
  t.deepEqual(
    Array.from({ length: 6 }, () => low.next()),
    [50, 100, 200, 400, 500, 500],
  );
  const high = new BackOff({ initialMs: 100, maxMs: 1000, random: () => 0.999_999 });
  t.deepEqual(
    Array.from({ length: 5 }, () => high.next()),
    [100, 200, 400, 800, 1000],
  );
});

test("after a reset the first wait comes first again", (t) => {
  const backOff = new BackOff({ initialMs: 100, maxMs: 1000, random: () => 0 });
  backOff.next();
  backOff.next();
  backOff.reset();
  t.is(backOff.next(), 50);
});

test("thousands of failures do not overflow", (t) => {
  const backOff = new BackOff({ random: () => 0 });
  for (let index = 0; index < 5000; index++) backOff.next();
  t.is(backOff.next(), 150_000);
});
