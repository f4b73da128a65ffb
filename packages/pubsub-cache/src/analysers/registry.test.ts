import { ConflictError } from "@larder/core";
import test from "ava";
import type { Analyser } from "./analyser.js";
import { microblogAnalyser } from "./microblog.js";
import { AnalyserRegistry } from "./registry.js";

const make = (name: string, rest: Partial<Analyser> = {}): Analyser => ({
  name,
  type: name,
  toSync: true,
  ...rest,
});
const at = (node: string, namespace?: string) => ({ service: "s.example", node, namespace });

test("the first analyser that matches decides", (t) => {
  const registry = new AnalyserRegistry([make("own", { node: "urn:xmpp:microblog" }), microblogAnalyser]);
  t.is(registry.analyse(at("urn:xmpp:microblog:0"))?.analyser, "own");
});

test("a node matches by the start of its name or by its payloads' namespace", (t) => {
  const registry = new AnalyserRegistry([make("a", { node: "urn:a", namespace: "urn:payload" })]);
  t.is(registry.analyse(at("urn:a:comments"))?.type, "a");
  t.is(registry.analyse(at("anything", "urn:payload"))?.type, "a");
  t.is(registry.analyse(at("x:urn:a", "urn:payload:2")), undefined);
  t.is(registry.analyse(at("anything")), undefined);
});

test("an analyser that names neither matches nothing", (t) => {
  t.is(new AnalyserRegistry([make("a")]).analyse(at("n")), undefined);
});

test("a name can be taken once, whatever its case", (t) => {
  const registry = new AnalyserRegistry([make("Blog")]);
  t.throws(() => registry.register(make("blog")), { instanceOf: ConflictError });
  t.is(registry.byName("Blog")?.name, "Blog");
  t.is(registry.byName("other"), undefined);
  t.is(registry.byName(undefined), undefined);
});

test("a match may be refined", (t) => {
  const onMatch: Analyser["onMatch"] = (analysis, { node }) => ({
    ...analysis,
    subtype: node,
    toSync: false,
  });
  t.like(new AnalyserRegistry([make("a", { node: "n", onMatch })]).analyse(at("n1")), {
    subtype: "n1",
    toSync: false,
  });
});

test("blogs are kept, and comments are told apart (XEP-0277 §3)", (t) => {
  const registry = new AnalyserRegistry([microblogAnalyser]);
  t.like(registry.analyse(at("urn:xmpp:microblog:0")), { type: "blog", subtype: undefined, toSync: true });
  t.is(registry.analyse(at("urn:xmpp:microblog:0:comments/1"))?.subtype, "comment");
  t.is(registry.analyse(at("any", "http://www.w3.org/2005/Atom"))?.type, "blog");
});
