import test from "ava";
import fc from "fast-check";
import { parseTrustedXml, xml } from "./element.js";
import { elementText } from "./element-text.js";
import { XmlTokenizer } from "./tokenizer.js";

const elements = (characters: readonly string[]) => {
  const text = fc.string({ unit: fc.constantFrom(...characters) });
  const attributes = fc.dictionary(fc.constantFrom("a", "b", "xml:lang"), text, { maxKeys: 3 });
  return fc.letrec<{ element: ReturnType<typeof xml> }>((tie) => ({
    element: fc
      .tuple(attributes, fc.array(fc.oneof({ maxDepth: 4 }, text, tie("element")), { maxLength: 4 }))
      .map(([attrs, children]) => xml("x:y", attrs, ...children)),
  })).element;
};

test("an element without white space to protect is written as ltx writes it", (t) => {
  const given = elements(["a", "é", "👋", "&", "<", ">", '"', "'", "]"]);
  fc.assert(fc.property(given, (element) => t.is(elementText(element), element.toString())));
});

test("attributes and texts are read again as they were written, with their line ends and tabs", (t) => {
  const given = elements(["a", "&", "<", ">", '"', "'", "\n", "\r", "\t", " ", "]"]);
  fc.assert(
    fc.property(given, (element) => {
      const read: string[] = [];
      const tokenizer = new XmlTokenizer({
        open: (name, attributes) => void read.push(`<${name} ${JSON.stringify(attributes)}`),
        close: () => void read.push(">"),
        text: (data) => void read.push(JSON.stringify(data)),
      });
      const expected: string[] = [];
      const note = (node: typeof element) => {
        expected.push(`<${node.name} ${JSON.stringify(node.attrs)}`);
        let text = "";
        for (const child of [...node.children, undefined]) {
          if (typeof child === "string") text += child;
          else {
            if (text !== "") expected.push(JSON.stringify(text));
            text = "";
            if (child) note(child);
          }
        }
        expected.push(">");
      };
      note(element);
      tokenizer.write(elementText(element));
      t.deepEqual(read, expected);
    }),
  );
});

test("an id with a line end is not the id with a blank", (t) => {
  const item = xml("item", { id: "2024\nreport" });
  t.is(elementText(item), '<item id="2024&#10;report"/>');
  t.is(parseTrustedXml(elementText(item)).attrs.id, "2024\nreport");
});

test("a number is written as its digits", (t) => {
  t.is(elementText(xml("max", {}, 50)), "<max>50</max>");
});
