import {
  NotFoundError,
  NS_DISCO_INFO,
  NS_PUBSUB,
  NS_PUBSUB_OWNER,
  parseTrustedXml,
  type Requester,
  StanzaError,
  type XmlElement,
  xml,
} from "@larder/core";
import {
  type AttachmentItem,
  attachmentCounts,
  attachmentNode,
  countAttachments,
  ItemAttachments,
  NS_ATTACHMENTS,
  readSummary,
  summaryNode,
} from "@larder/reactions";
import test, { type ExecutionContext } from "ava";

const me = "romeo@montague.lit";
const juliet = "juliet@capulet.lit";
const item = { service: juliet, node: "urn:xmpp:microblog:0", id: "balcony-restoration-afd1" };

/** A pubsub service in memory, as far as attachments need one. */
class Service implements Requester {
  readonly account = me;
  readonly nodes = new Map<string, Map<string, string>>();
  readonly requests: XmlElement[] = [];
  features: string[] = [];
  /** True if we own the nodes of other services. */
  isOwner = false;

  async request(iq: XmlElement): Promise<XmlElement> {
    this.requests.push(iq);
    const answer = (child: XmlElement) => xml("iq", { type: "result", from: iq.attrs.to }, child);
    if (iq.getChild("query", NS_DISCO_INFO))
      return answer(
        xml(
          "query",
          { xmlns: NS_DISCO_INFO },
          this.features.map((name) => xml("feature", { var: name })),
        ),
      );
    const owner = iq.getChild("pubsub", NS_PUBSUB_OWNER)?.getChild("configure");
    if (owner) {
      if (iq.attrs.to !== me && !this.isOwner) throw new StanzaError("forbidden", { from: juliet });
      const field = xml("field", { var: "pubsub#access_model" }, xml("value", {}, "whitelist"));
      const form = xml("x", { xmlns: "jabber:x:data", type: "form" }, field);
      return answer(xml("pubsub", { xmlns: NS_PUBSUB_OWNER }, xml("configure", {}, form)));
    }
    const [action] = iq.getChild("pubsub", NS_PUBSUB)?.getChildElements() ?? [];
    const name = action?.attrs.node ?? "";
    if (action?.getName() === "create") this.nodes.set(name, new Map());
    if (action?.getName() === "publish" && this.features.includes(NS_ATTACHMENTS) && !this.nodes.has(name))
      this.nodes.set(name, new Map());
    const node = this.nodes.get(name);
    if (!node) throw new StanzaError("item-not-found", { from: juliet });
    const wanted = action?.getChild("item");
    if (action?.getName() === "publish") node.set(wanted?.attrs.id ?? "", wanted?.toString() ?? "");
    if (action?.getName() === "retract") node.delete(wanted?.attrs.id ?? "");
    const found = [...node].filter(([id]) => wanted === undefined || id === wanted.attrs.id);
    return answer(
      xml(
        "pubsub",
        { xmlns: NS_PUBSUB },
        xml(
          "items",
          { node: name },
          found.map(([, text]) => parseTrustedXml(text)),
        ),
      ),
    );
  }

  /** What was done, without looking. */
  get changes(): string[] {
    return this.requests.flatMap((iq) => {
      const name = iq.getChild("pubsub", NS_PUBSUB)?.getChildElements()[0]?.getName();
      return iq.attrs.type === "set" && name !== undefined ? [name] : [];
    });
  }
}

function world(existing?: string) {
  const service = new Service();
  const node = attachmentNode(item);
  if (existing !== undefined) service.nodes.set(node, new Map(existing === "" ? [] : [[me, existing]]));
  const attachments = new ItemAttachments({ now: () => new Date("2026-11-25T12:00:00.123Z") });
  return {
    service,
    node,
    attachments,
    account: { jid: me, online: () => true, requester: service },
    published: () => service.nodes.get(node)?.get(me),
  };
}

const mine = (children: string) =>
  `<item xmlns="${NS_PUBSUB}" id="${me}"><attachments xmlns="${NS_ATTACHMENTS}">${children}</attachments></item>`;
const NOTICED = '<noticed timestamp="2022-07-11T12:07:24Z"/>';
const LATER = '<rate xmlns="urn:example:later" value="5"/>';

type Rule = readonly [section: string, rule: string, proof: (t: ExecutionContext) => Promise<void> | void];

/** XEP-0470 0.2.0, a row for each rule that is a client's. */
const rules: readonly Rule[] = [
  [
    "4.1.1",
    "the node is named by the namespace and the item's XMPP URI",
    (t) => {
      t.is(
        attachmentNode(item),
        "urn:xmpp:pubsub-attachments:1/xmpp:juliet@capulet.lit?;node=urn%3Axmpp%3Amicroblog%3A0;item=balcony-restoration-afd1",
      );
      const odd = attachmentNode({ service: "pubsub.x", node: "a b/c", id: "é'(1)*!" });
      t.true(odd.endsWith("/xmpp:pubsub.x?;node=a%20b%2Fc;item=%C3%A9%27%281%29%2A%21"), odd);
    },
  ],
  [
    "4.1.1",
    "the item's id is our bare JID, and the payload is in the namespace",
    async (t) => {
      const w = world("");
      await w.attachments.setNoticed(w.account, item, true, "replace");
      const published = parseTrustedXml(w.published() ?? "");
      t.is(published.attrs.id, me);
      t.is(
        published.getChild("attachments", NS_ATTACHMENTS)?.getChild("noticed")?.attrs.timestamp,
        "2026-11-25T12:00:00Z",
      );
    },
  ],
  [
    "4.1.1",
    "where there is no node, nobody but the publisher of the item makes it",
    async (t) => {
      const w = world();
      await t.throwsAsync(w.attachments.setReactions(w.account, item, ["👷"], "add"), {
        instanceOf: NotFoundError,
        message: /made no node/,
      });
      t.deepEqual(w.service.changes, []);
    },
  ],
  [
    "4.1.1",
    "the publisher of the item makes it, with the same access model",
    async (t) => {
      const w = world();
      const own = { ...item, service: me };
      await w.attachments.setReactions(w.account, own, ["👷"], "add");
      t.deepEqual(w.service.changes, ["create", "publish"]);
      const form = w.service.requests
        .find((iq) => iq.getChild("pubsub", NS_PUBSUB)?.getChild("create"))
        ?.getChild("pubsub", NS_PUBSUB)
        ?.getChild("configure");
      t.regex(form?.toString() ?? "", /pubsub#access_model"><value>whitelist</);
    },
  ],
  [
    "4.1.1",
    "the publisher of an item in somebody else's node makes it, and so does the owner of the node",
    async (t) => {
      const there = { ...item, service: "pubsub.capulet.lit" };
      const published = world();
      published.service.nodes.set(
        item.node,
        new Map([[item.id, `<item xmlns="${NS_PUBSUB}" id="${item.id}" publisher="${me}/garden"/>`]]),
      );
      await published.attachments.setReactions(published.account, there, ["👷"], "add");
      t.deepEqual(published.service.changes, ["create", "publish"]);
      const owned = world();
      owned.service.isOwner = true;
      await owned.attachments.setReactions(owned.account, there, ["👷"], "add");
      t.deepEqual(owned.service.changes, ["create", "publish"]);
    },
  ],
  [
    "4.1.1",
    "what is attached already, and what we do not know, is published again",
    async (t) => {
      const w = world(mine(NOTICED + LATER));
      const after = await w.attachments.setReactions(w.account, item, ["👷", "🔨"], "add");
      t.deepEqual(after, { noticed: true, reactions: ["👷", "🔨"] });
      const published = w.published() ?? "";
      t.true(published.includes('<noticed timestamp="2022-07-11T12:07:24Z"/>'), published);
      t.regex(published, /<rate xmlns="urn:example:later" value="5"\/>/);
    },
  ],
  [
    "4.1.1",
    "all of ours is taken away by retracting the item, but not where something unknown is left",
    async (t) => {
      const known = world(mine(NOTICED));
      await known.attachments.setNoticed(known.account, item, true, "toggle");
      t.deepEqual(known.service.changes, ["retract"]);
      const unknown = world(mine(NOTICED + LATER));
      await unknown.attachments.setNoticed(unknown.account, item, false, "replace");
      t.deepEqual(unknown.service.changes, ["publish"]);
      t.regex(unknown.published() ?? "", /<attachments[^>]*><rate /);
    },
  ],
  [
    "4.1.1",
    "an item whose publisher is not whom its id names does not count",
    (t) => {
      const forged = { id: juliet, publisher: "mallory@evil.lit/x", xml: mine(NOTICED) };
      const honest = { id: me, publisher: `${me}/balcony`, xml: mine(NOTICED) };
      const noName = { id: "not a jid", xml: mine(NOTICED) };
      t.deepEqual(countAttachments([forged, honest, noName], juliet).noticed, {
        count: 1,
        senders: [me],
        mine: false,
      });
    },
  ],
  [
    "4.2, 4.4",
    "a service that announces the feature makes the node itself: none is created",
    async (t) => {
      const w = world();
      w.service.features = [NS_ATTACHMENTS];
      await w.attachments.setReactions(w.account, item, ["👷"], "add");
      t.deepEqual(w.service.changes, ["publish"]);
    },
  ],
  [
    "4.6",
    "a service that announces the feature is asked for its summary; an item that has none, or an empty one, has nothing",
    async (t) => {
      const asked: unknown[] = [];
      const summary = (children: string) =>
        `<item xmlns="${NS_PUBSUB}" id="x"><summary xmlns="urn:xmpp:pubsub-attachments:summary:1">${children}</summary></item>`;
      const source = {
        counts: async () => true,
        items: async (...args: unknown[]): Promise<AttachmentItem[]> => {
          asked.push(args);
          return [
            {
              id: "a",
              xml: summary(
                '<noticed count="5"/><reactions><reaction count="2">👷</reaction><reaction>🔨</reaction></reactions>',
              ),
            },
            { id: "b", xml: summary("") },
          ];
        },
      };
      const found = await attachmentCounts(source, me, item, ["a", "b", "c"]);
      t.deepEqual(asked, [[juliet, summaryNode(item.node), ["a", "b", "c"]]]);
      t.is(summaryNode(item.node), "urn:xmpp:pubsub-attachments:summary:1/urn:xmpp:microblog:0");
      t.deepEqual(found.get("a"), {
        noticed: { count: 5 },
        reactions: [
          { emoji: "👷", count: 2 },
          { emoji: "🔨", count: 1 },
        ],
      });
      const nothing = { noticed: { count: 0 }, reactions: [] };
      t.deepEqual([found.get("b"), found.get("c")], [nothing, nothing]);
    },
  ],
  [
    "4.6",
    "a count that is no number counts as one, and the same emoji in two spellings is one",
    (t) => {
      const text = `<item xmlns="${NS_PUBSUB}" id="x"><summary xmlns="urn:xmpp:pubsub-attachments:summary:1"><reactions><reaction count="-3">\u2764</reaction><reaction count="4">❤️</reaction><reaction count="2">no</reaction></reactions></summary></item>`;
      t.deepEqual(readSummary({ id: "x", xml: text }).reactions, [{ emoji: "❤️", count: 5 }]);
    },
  ],
  [
    "4.7",
    "noticed is added, removed, toggled and replaced, and nothing is published where nothing changes",
    async (t) => {
      const w = world("");
      const states: boolean[] = [];
      for (const [noticed, update] of [
        [true, "add"],
        [true, "add"],
        [true, "toggle"],
        [true, "replace"],
        [false, "replace"],
        [true, "remove"],
      ] as const)
        states.push((await w.attachments.setNoticed(w.account, item, noticed, update)).noticed);
      t.deepEqual(states, [true, true, false, true, false, false]);
      t.deepEqual(w.service.changes, ["publish", "retract", "publish", "retract"]);
    },
  ],
  [
    "4.8.1",
    "each emoji stands once, fully qualified, and what is not one emoji is refused by name",
    async (t) => {
      const w = world("");
      const after = await w.attachments.setReactions(w.account, item, ["\u2764", "❤️", "👷"], "add");
      t.deepEqual(after.reactions, ["❤️", "👷"]);
      t.throws(() => w.attachments.setReactions(w.account, item, ["👷👷"], "add"), { message: /"👷👷"/ });
      t.deepEqual((await w.attachments.setReactions(w.account, item, ["👷", "🔨"], "toggle")).reactions, [
        "❤️",
        "🔨",
      ]);
    },
  ],
  [
    "4.8.2",
    "an emoji of one person counts once, whatever they wrote",
    (t) => {
      const reactions =
        "<reactions><reaction>\u2764</reaction><reaction>❤️</reaction><reaction>x</reaction></reactions>";
      t.deepEqual(countAttachments([{ id: me, xml: mine(reactions) }], me).reactions, [
        { emoji: "❤️", count: 1, senders: [me], mine: true },
      ]);
    },
  ],
];

for (const [section, rule, proof] of rules) test(`XEP-0470 §${section}: ${rule}`, (t) => proof(t));

test("changes made at once are made one after the other, none is lost", async (t) => {
  const w = world("");
  await Promise.all(
    ["👷", "🔨", "🚧"].map((emoji) => w.attachments.setReactions(w.account, item, [emoji], "add")),
  );
  t.regex(w.published() ?? "", /👷.*🔨.*🚧/);
});

test("the attachments of clients that leave the namespace out are understood", (t) => {
  const bare = `<item xmlns="${NS_PUBSUB}" id="${me}"><attachments><noticed/><reactions><reaction>👷</reaction></reactions></attachments></item>`;
  t.like(countAttachments([{ id: me, xml: bare }], me), {
    noticed: { count: 1 },
    reactions: [{ emoji: "👷", count: 1 }],
  });
});
