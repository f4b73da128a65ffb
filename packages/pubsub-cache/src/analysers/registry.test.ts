import { ConflictError } from "@larder/core";
import test from "ava";
import { type Analyser, parserName } from "./analyser.js";
import { builtInAnalysers, microblogAnalyser } from "./index.js";
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

const builtIn = new AnalyserRegistry(builtInAnalysers);

test("every built-in analyser claims its nodes, and none another's", (t) => {
  const claims: [node: string, namespace: string | undefined, type: string | undefined, subtype?: string][] =
    [
      ["urn:xmpp:microblog:0", undefined, "blog"],
      ["urn:xmpp:microblog:0:comments/1", undefined, "blog", "comment"],
      ["any", "http://www.w3.org/2005/Atom", "blog"],
      ["urn:xmpp:calendar-events:0", undefined, "event"],
      ["urn:xmpp:calendar-events:0/balls", undefined, "event"],
      ["any", "urn:xmpp:calendar-events:0", "event"],
      ["urn:xmpp:bookmarks:1", undefined, "bookmark"],
      ["urn:xmpp:avatar:metadata", undefined, "avatar"],
      ["urn:xmpp:avatar:data", "urn:xmpp:avatar:data", undefined],
      ["http://jabber.org/protocol/nick", undefined, "nick"],
      ["841f3c8955c4c41a", "http://jabber.org/protocol/nick", "nick"],
      ["urn:xmpp:vcard4", undefined, "vcard"],
      ["urn:xmpp:pubsub-attachments:1/xmpp:a@b.example?;node=n;item=i", undefined, "attachments"],
      ["urn:xmpp:pubsub-attachments:summary:1/n", undefined, "attachments", "summary"],
      ["tickets", "jabber:x:data", "form"],
      ["storage:bookmarks", "storage:bookmarks", undefined],
      ["eu.siacs.conversations.axolotl.devicelist", "eu.siacs.conversations.axolotl", undefined],
    ];
  for (const [node, namespace, type, subtype] of claims) {
    const analysis = builtIn.analyse(at(node, namespace));
    t.is(analysis?.type, type, node);
    t.is(analysis?.subtype, subtype, node);
    if (type) t.true(analysis?.toSync, node);
  }
});

test("a feed that says it is a gallery is told apart (XEP-0472 §5.3)", (t) => {
  const facts = {
    ...at("pictures", "http://www.w3.org/2005/Atom"),
    nodeType: "urn:xmpp:pubsub-social-feed:gallery:1",
  };
  t.is(builtIn.analyse(facts)?.subtype, "gallery");
});

test("an analyser's own subtype stands unless the match says otherwise", (t) => {
  const onMatch: Analyser["onMatch"] = (analysis, { node }) =>
    node === "n2" ? { ...analysis, subtype: "other" } : analysis;
  const registry = new AnalyserRegistry([make("a", { node: "n", subtype: "own", onMatch })]);
  t.is(registry.analyse(at("n1"))?.subtype, "own");
  t.is(registry.analyse(at("n2"))?.subtype, "other");
});

test("a parser is known by its analyser and version", (t) => {
  t.is(parserName(make("a", { parser: "file:///p.js" })), "a@1");
  t.is(parserName(make("a", { parser: "file:///p.js", parserVersion: "7" })), "a@7");
  t.is(parserName(make("a")), undefined);
});
