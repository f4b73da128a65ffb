import test from "ava";
import fc from "fast-check";
import { xml } from "./element.js";
import { elementText } from "./element-text.js";

test("an element is written as ltx writes it", (t) => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "👋", "&", "<", ">", '"', "'", "\n", "]") });
  const attributes = fc.dictionary(fc.constantFrom("a", "b", "xml:lang"), text, { maxKeys: 3 });
  const { element } = fc.letrec<{ element: ReturnType<typeof xml> }>((tie) => ({
    element: fc
      .tuple(attributes, fc.array(fc.oneof({ maxDepth: 4 }, text, tie("element")), { maxLength: 4 }))
      .map(([attrs, children]) => xml("x:y", attrs, ...children)),
  }));
  fc.assert(fc.property(element, (given) => t.is(elementText(given), given.toString())));
});
