import {
  capsElement,
  capsVersion,
  createNode,
  discoInfo,
  discoInfoAnswer,
  discoItems,
  getItems,
  NotAcceptableError,
  type OwnInfo,
  parseTrustedXml,
  publishItem,
  type Requester,
  readForm,
  readPubsubEvents,
  readRoster,
  readRsm,
  retractItem,
  rsmElement,
  StanzaError,
  submitForm,
  subscribe,
  xml,
} from "@larder/core";
import test from "ava";

const PUBSUB = "http://jabber.org/protocol/pubsub";
const service = "pubsub.shakespeare.example";

/** Answers every request with the same children, and keeps what was asked. */
function scripted(answer = ""): Requester & { asked: string[] } {
  const asked: string[] = [];
  return {
    account: "francisco@denmark.example",
    asked,
    async request(iq) {
      asked.push(iq.toString());
      return parseTrustedXml(`<iq xmlns="jabber:client" type="result" from="${service}">${answer}</iq>`);
    },
  };
}
const pubsub = (children: string) => `<pubsub xmlns="${PUBSUB}">${children}</pubsub>`;
const iq = (type: string, children: string) => `<iq type="${type}" to="${service}">${pubsub(children)}</iq>`;
const node = "princely_musings";

test("all items of a node are asked for as in XEP-0060 §6.5.2", async (t) => {
  const requester = scripted(
    pubsub('<items node="princely_musings"><item id="a"/><item/><item id="b"/></items>'),
  );
  const { items, rsm } = await getItems(requester, { service, node });
  t.deepEqual(requester.asked, [iq("get", `<items node="${node}"/>`)]);
  t.deepEqual(
    items.map(({ id }) => id),
    ["a", "b"],
  );
  t.is(rsm, undefined);
});

test("the newest items are asked for as in §6.5.7, certain ones as in §6.5.8", async (t) => {
  const requester = scripted();
  await getItems(requester, { service, node, maxItems: 2 });
  await getItems(requester, { service, node, itemIds: ["368866411b877c30064a5f62b917cffe", 'a"b'] });
  t.deepEqual(requester.asked, [
    iq("get", `<items node="${node}" max_items="2"/>`),
    iq(
      "get",
      `<items node="${node}"><item id="368866411b877c30064a5f62b917cffe"/><item id="a&quot;b"/></items>`,
    ),
  ]);
});

test("a page is asked for beside the items (§6.5.4), and an empty before asks for the last one", async (t) => {
  const requester = scripted(
    pubsub(
      '<items node="n"/><set xmlns="http://jabber.org/protocol/rsm"><first index="3">f</first><last>l</last><count>10</count></set>',
    ),
  );
  const { rsm } = await getItems(requester, { service, node, rsm: { max: 10, after: "x<" } });
  await getItems(requester, { service, node, rsm: { max: 5, before: "" } });
  const set = (children: string) =>
    iq("get", `<items node="${node}"/><set xmlns="http://jabber.org/protocol/rsm">${children}</set>`);
  t.deepEqual(requester.asked, [set("<max>10</max><after>x&lt;</after>"), set("<max>5</max><before/>")]);
  t.deepEqual(rsm, { first: "f", last: "l", index: 3, count: 10 });
});

test("an order is asked for as in XEP-0413: ascending for pages", async (t) => {
  const requester = scripted();
  await getItems(requester, { service, node, orderBy: "modification", rsm: { max: 2 } });
  t.true(requester.asked[0]?.includes('<order xmlns="urn:xmpp:order-by:1" by="modification"/>'));
});

test("the newest by an order are asked for descending (XEP-0413 §2.1) and given oldest first", async (t) => {
  const requester = scripted(pubsub('<items node="plays"><item id="c"/><item id="b"/></items>'));
  const { items } = await getItems(requester, { service, node, orderBy: "creation", maxItems: 2 });
  t.true(requester.asked[0]?.includes('<order xmlns="urn:xmpp:order-by:1" by="creation" desc="true"/>'));
  t.deepEqual(
    items.map(({ id }) => id),
    ["b", "c"],
  );
});

test("an item is published as in §7.1.1, and the service's id wins", async (t) => {
  const requester = scripted(pubsub(`<publish node="${node}"><item id="theirs"/></publish>`));
  const payload = xml("entry", { xmlns: "http://www.w3.org/2005/Atom" });
  t.is(await publishItem(requester, { service, node, id: "mine", payload }), "theirs");
  t.is(await publishItem(scripted(), { service, node, id: "mine", payload }), "mine");
  t.is(
    requester.asked[0],
    iq(
      "set",
      `<publish node="${node}"><item id="mine"><entry xmlns="http://www.w3.org/2005/Atom"/></item></publish>`,
    ),
  );
});

test("publish options are a form of their type, beside the publish element (§7.1.5)", async (t) => {
  const requester = scripted();
  await publishItem(requester, {
    service,
    node,
    payload: xml("e", { xmlns: "urn:e" }),
    options: { "pubsub#access_model": "presence" },
  });
  t.is(
    requester.asked[0],
    iq(
      "set",
      `<publish node="${node}"><item><e xmlns="urn:e"/></item></publish><publish-options>` +
        '<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>http://jabber.org/protocol/pubsub#publish-options</value></field>' +
        '<field var="pubsub#access_model"><value>presence</value></field></x></publish-options>',
    ),
  );
});

test("an item is retracted as in §7.2.1, with or without telling", async (t) => {
  const requester = scripted();
  await retractItem(requester, { service, node, id: "ae8", notify: true });
  await retractItem(requester, { service, node, id: "ae8", notify: false });
  t.deepEqual(requester.asked, [
    iq("set", `<retract node="${node}" notify="true"><item id="ae8"/></retract>`),
    iq("set", `<retract node="${node}" notify="false"><item id="ae8"/></retract>`),
  ]);
});

test("the bare address subscribes (§6.1.1); a pending answer is an answer (§6.1.4)", async (t) => {
  const requester = scripted(
    pubsub(
      `<subscription node="${node}" jid="francisco@denmark.example" subscription="pending" subid="s1"/>`,
    ),
  );
  t.deepEqual(await subscribe(requester, service, node), { node, state: "pending", subid: "s1" });
  t.deepEqual(requester.asked, [iq("set", `<subscribe node="${node}" jid="francisco@denmark.example"/>`)]);
  t.is((await subscribe(scripted(), service, node)).state, "subscribed");
});

test("a node is created as in §8.1.2, an instant one gets the service's name, and is configured at once (§8.1.3)", async (t) => {
  const requester = scripted(pubsub('<create node="25e3d37dabbab9541f7523321421edc5bfeb2dae"/>'));
  t.is(await createNode(requester, { service }), "25e3d37dabbab9541f7523321421edc5bfeb2dae");
  const named = scripted();
  t.is(
    await createNode(named, { service, node, config: { "pubsub#title": "T", "pubsub#roles": ["a", "b"] } }),
    node,
  );
  t.is(requester.asked[0], iq("set", "<create/>"));
  t.true(
    named.asked[0]?.includes(
      '<configure><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>http://jabber.org/protocol/pubsub#node_config</value></field>' +
        '<field var="pubsub#title"><value>T</value></field><field var="pubsub#roles"><value>a</value><value>b</value></field></x></configure>',
    ),
  );
});

const event = (children: string) =>
  readPubsubEvents(
    parseTrustedXml(
      `<message xmlns="jabber:client"><event xmlns="${PUBSUB}#event">${children}</event></message>`,
    ),
  );

test("events are read: items and retractions, purge, deletion with redirection, configuration, subscription", (t) => {
  const [items] = event(
    '<items node="n"><item id="1" publisher="p@x.example"><e xmlns="urn:e">t</e></item><item/><retract id="2"/><retract/></items>',
  );
  t.deepEqual(items, {
    node: "n",
    event: "items",
    items: [
      {
        id: "1",
        publisher: "p@x.example",
        xml: `<item xmlns="${PUBSUB}" id="1" publisher="p@x.example"><e xmlns="urn:e">t</e></item>`,
        payload: { name: "e", namespace: "urn:e" },
      },
    ],
    retracted: ["2"],
  });
  t.deepEqual(event('<purge node="n"/>'), [{ node: "n", event: "purge" }]);
  t.deepEqual(event('<delete node="n"><redirect uri="xmpp:x"/></delete>'), [
    { node: "n", event: "delete", redirect: "xmpp:x" },
  ]);
  t.deepEqual(event('<configuration node="n"/>'), [{ node: "n", event: "configuration" }]);
  t.deepEqual(event('<subscription node="n" jid="a@b" subscription="none"/>'), [
    { node: "n", event: "subscription", state: "none", jid: "a@b", subid: undefined },
  ]);
});

test("an event without a node, of an unknown kind or outside its namespace is none", (t) => {
  t.deepEqual(event('<items><item id="1"/></items><surprise node="n"/>'), []);
  t.deepEqual(
    readPubsubEvents(
      parseTrustedXml('<message xmlns="jabber:client"><event><purge node="n"/></event></message>'),
    ),
    [],
  );
});

test("an item has the same text whichever stanza brought it, and can be read again", async (t) => {
  const item =
    '<item id="&quot;&lt;&amp;&#10;" publisher="a@b/&quot;"><x:entry xmlns:x="urn:x" x:k="1"><y/>&lt;t&gt;</x:entry></item>';
  const [told] = event(`<items node="n">${item}</items>`);
  const { items } = await getItems(scripted(pubsub(`<items node="n">${item}</items>`)), { service, node });
  if (told?.event !== "items") return t.fail();
  t.is(told.items[0]?.id, '"<&\n');
  const again = parseTrustedXml(items[0]?.xml ?? "");
  t.is(again.attrs.id, '"<&\n');
  t.is(again.attrs.publisher, 'a@b/"');
  t.is(again.getChild("entry", "urn:x")?.text(), "<t>");
});

test("the payload of an item keeps a prefix that only the stanza declares", (t) => {
  const [told] = readPubsubEvents(
    parseTrustedXml(
      `<message xmlns="jabber:client" xmlns:a="http://www.w3.org/2005/Atom"><event xmlns="${PUBSUB}#event"><items node="n">` +
        '<item id="1"><a:entry><a:title>T</a:title></a:entry></item></items></event></message>',
    ),
  );
  if (told?.event !== "items") return t.fail();
  t.is(
    told.items[0]?.xml,
    `<item xmlns="${PUBSUB}" id="1"><a:entry xmlns:a="http://www.w3.org/2005/Atom"><a:title>T</a:title></a:entry></item>`,
  );
  t.is(told.items[0]?.payload?.namespace, "http://www.w3.org/2005/Atom");
});

test("RSM: numbers that are none are left out", (t) => {
  const read = (children: string) =>
    readRsm(parseTrustedXml(`<q><set xmlns="http://jabber.org/protocol/rsm">${children}</set></q>`));
  t.deepEqual(read("<count>5</count>"), { first: undefined, last: undefined, index: undefined, count: 5 });
  t.like(read('<first index="-1">a</first><count>many</count>'), {
    first: "a",
    index: undefined,
    count: undefined,
  });
  t.is(readRsm(parseTrustedXml("<q><set/></q>")), undefined);
  t.is(readRsm(undefined), undefined);
  t.is(rsmElement({ index: 0, max: 0 }).getChildText("index"), "0");
});

test("a form's fields are read, also several values, none, and hostile names", (t) => {
  const form = submitForm("urn:form", { one: "1", many: ["a", "b"], none: [] });
  t.deepEqual(readForm(parseTrustedXml(form.toString())), {
    formType: "urn:form",
    fields: { one: "1", many: ["a", "b"], none: [] },
  });
  const hostile = readForm(submitForm("t", Object.fromEntries([["__proto__", ["x", "y"]]]))).fields;
  t.deepEqual(Object.keys(hostile), ["__proto__"]);
  t.is(Object.getPrototypeOf(hostile), Object.prototype);
});

test("disco: identities, features and forms are read (XEP-0030 §3.1, XEP-0128)", async (t) => {
  const requester = scripted(
    '<query xmlns="http://jabber.org/protocol/disco#info"><identity category="pubsub" type="pep" name="N" xml:lang="en"/>' +
      '<feature var="a"/><feature/><x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE"><value>urn:t</value></field>' +
      '<field var="k"><value>v</value></field></x></query>',
  );
  const info = await discoInfo(requester, service, "n");
  t.deepEqual(info.identities, [{ category: "pubsub", type: "pep", name: "N", lang: "en" }]);
  t.deepEqual([...info.features], ["a"]);
  t.deepEqual(info.forms, { "urn:t": { k: "v" } });
  t.is(
    requester.asked[0],
    `<iq type="get" to="${service}"><query xmlns="http://jabber.org/protocol/disco#info" node="n"/></iq>`,
  );
});

test("disco: an empty answer is an entity that says nothing", async (t) => {
  const info = await discoInfo(scripted(), service);
  t.is(info.features.size, 0);
  t.deepEqual(await discoItems(scripted(), service), []);
});

const exodus: OwnInfo = {
  identity: { category: "client", type: "pc", name: "Exodus 0.9.1" },
  features: [
    "http://jabber.org/protocol/muc",
    "http://jabber.org/protocol/caps",
    "http://jabber.org/protocol/disco#items",
    "http://jabber.org/protocol/disco#info",
  ],
};

test("the capabilities of XEP-0115 §5.2 have the hash that it gives, whatever the features' order", (t) => {
  t.is(capsVersion(exodus), "QgayPKawpkPSDYmwT/WM94uAlu0=");
  t.is(capsVersion({ ...exodus, features: exodus.features.toReversed() }), "QgayPKawpkPSDYmwT/WM94uAlu0=");
});

test("what caps announce can be asked for under that very node, and under no other", (t) => {
  const { node: software, ver } = capsElement(exodus).attrs;
  const ask = (asked?: string) => discoInfoAnswer(exodus, xml("query", { node: asked }));
  t.is(ask(`${software}#${ver}`)?.attrs.node, `${software}#${ver}`);
  t.is(ask()?.getChildren("feature").length, 4);
  t.is(ask("something else"), undefined);
});

test("a roster leaves out what is no address", (t) => {
  const query = parseTrustedXml(
    '<query xmlns="jabber:iq:roster" ver="7"><item jid="@@"/><item jid="Romeo@example.net/x" name="" subscription="both"><group>G</group></item></query>',
  );
  t.deepEqual(readRoster(query), {
    version: "7",
    entries: [
      { jid: "romeo@example.net", name: undefined, subscription: "both", ask: undefined, groups: ["G"] },
    ],
  });
});

const conditions: [condition: string, errorType: string, type: string, retryable: boolean][] = [
  ["item-not-found", "cancel", "not_found", false],
  ["forbidden", "auth", "forbidden", false],
  ["not-authorized", "auth", "forbidden", false],
  ["not-allowed", "cancel", "forbidden", false],
  ["feature-not-implemented", "cancel", "unsupported", false],
  ["service-unavailable", "cancel", "unsupported", false],
  ["resource-constraint", "wait", "busy", true],
  ["policy-violation", "modify", "busy", false],
  ["conflict", "cancel", "conflict", false],
  ["not-acceptable", "modify", "not_acceptable", false],
  ["remote-server-timeout", "wait", "timeout", true],
  ["gone", "cancel", "stanza_error", false],
];
for (const [condition, errorType, type, retryable] of conditions) {
  test(`the condition ${condition} is told as ${type}`, (t) => {
    const error = StanzaError.fromStanza(
      parseTrustedXml(
        `<iq xmlns="jabber:client" type="error" from="${service}"><error type="${errorType}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>` +
          '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">words</text><precondition-not-met xmlns="http://jabber.org/protocol/pubsub#errors"/></error></iq>',
      ),
    );
    t.like(error, { condition, type, retryable, text: "words" });
    t.is(error.details.applicationCondition, "precondition-not-met");
  });
}

test("an error stanza without an error has an undefined condition", (t) => {
  t.is(StanzaError.fromStanza(xml("iq", { type: "error" })).condition, "undefined-condition");
});

test("a publish that is refused for its options is not worth a second attempt, and names them", async (t) => {
  const refusing: Requester = {
    account: "francisco@denmark.example",
    request: async () => {
      throw new StanzaError("resource-constraint", { errorType: "wait" });
    },
  };
  const item = { service, node, payload: xml("entry", { xmlns: "urn:example" }) };
  const refused = await t.throwsAsync(
    publishItem(refusing, { ...item, options: { "pubsub#colour": "red", "pubsub#access_model": "open" } }),
    { instanceOf: NotAcceptableError, message: /pubsub#colour, pubsub#access_model/ },
  );
  t.false(refused?.retryable);
  const busy = await t.throwsAsync(publishItem(refusing, item), { instanceOf: StanzaError });
  t.is(busy?.type, "busy");
  t.true(busy?.retryable);
});
