import { InvalidParamsError } from "@larder/core";
import test from "ava";
import fc from "fast-check";
import { decodeCursor, encodeCursor, type PageCursor } from "./cursor.js";

test("a cursor says after decoding what it said before", (t) => {
  const cursor: fc.Arbitrary<PageCursor> = fc.record({
    itemId: fc.string({ unit: "grapheme" }),
    position: fc.option(fc.nat(), { nil: undefined }),
    index: fc.option(fc.nat(), { nil: undefined }),
    rsmId: fc.option(fc.string(), { nil: undefined }),
    numbering: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(cursor, (each) => {
      t.deepEqual(decodeCursor(encodeCursor(each), "rsm.after"), each);
    }),
  );
});

test("any other text is refused, naming the field", (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      t.throws(() => decodeCursor(text, "rsm.before"), {
        instanceOf: InvalidParamsError,
        message: /^rsm\.before: /,
      });
    }),
  );
});
