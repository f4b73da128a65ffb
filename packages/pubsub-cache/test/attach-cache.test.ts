import { EventEmitter } from "node:events";
import { type XmlElement, xml } from "@larder/core";
import { attachCache, type PlainClient } from "@larder/pubsub-cache";
import test, { type ExecutionContext } from "ava";
import { world } from "./support.js";

const PUBSUB = "http://jabber.org/protocol/pubsub";
const RSM = "http://jabber.org/protocol/rsm";

/** A client whose server is the fake service; `asked` has what went out. */
class Client extends EventEmitter {
  status = "online";
  readonly asked: XmlElement[] = [];
  readonly streamManagement = new EventEmitter();
  readonly iqCaller: PlainClient["iqCaller"];

  constructor(answer: (iq: XmlElement) => Promise<XmlElement>) {
    super();
    this.iqCaller = {
      request: (iq) => {
        this.asked.push(iq);
        return answer(iq);
      },
    };
  }
}

async function attached(t: ExecutionContext, count: number) {
  const w = await world(t, {}, count);
  const client = new Client((iq) => w.service.request(iq));
  const { detach } = attachCache(client as unknown as PlainClient, { cache: w.cache, account: w.account });
  const read = (attributes: object, ...rest: XmlElement[]) =>
    client.iqCaller.request(
      xml(
        "iq",
        { type: "get", to: w.service.service, id: "1" },
        xml("pubsub", { xmlns: PUBSUB }, xml("items", { node: w.service.node, ...attributes }), rest),
      ),
    );
  const idsOf = (answer: XmlElement) =>
    answer
      .getChild("pubsub", PUBSUB)
      ?.getChild("items")
      ?.getChildren("item")
      .map(({ attrs }) => attrs.id);
  return { ...w, client, detach, read, idsOf };
}

test("a plain client's read is answered from the cache once the node is kept, in the service's form", async (t) => {
  const { client, read, idsOf, cache, service } = await attached(t, 3);
  const first = await read({});
  t.deepEqual(idsOf(first), service.ids);
  await cache.idle();
  client.asked.length = 0;
  const second = await read({});
  t.deepEqual(client.asked, []);
  t.like(second.attrs, { type: "result", from: service.service, id: "1" });
  t.deepEqual(idsOf(second), service.ids);
  t.is(second.getChild("pubsub")?.toString(), first.getChild("pubsub")?.toString());
});

test("pages go on with the ids of the last page, until the set says that it is the end", async (t) => {
  const { read, idsOf, cache, service } = await attached(t, 5);
  await read({});
  await cache.idle();
  const page = async (after?: string) => {
    const set = xml("set", { xmlns: RSM }, xml("max", {}, 2), after !== undefined && xml("after", {}, after));
    const answer = await read({}, set);
    return { ids: idsOf(answer), set: answer.getChild("pubsub")?.getChild("set", RSM) };
  };
  const first = await page();
  t.is(first.set?.getChildText("count"), "5");
  t.is(first.set?.getChild("first")?.attrs.index, "0");
  const second = await page(first.set?.getChildText("last") ?? "");
  const third = await page(second.set?.getChildText("last") ?? "");
  t.deepEqual([first.ids, second.ids, third.ids].flat(), service.ids);
});

test("everything else goes its way: other requests, orders, subscriptions of several, ids of the service's own", async (t) => {
  const { client, read, cache, service } = await attached(t, 3);
  await read({});
  await cache.idle();
  client.asked.length = 0;
  await read({ subid: "1" });
  await read({}, xml("order", { xmlns: "urn:xmpp:order-by:1", by: "creation" }));
  await read({}, xml("set", { xmlns: RSM }, xml("after", {}, "rsm-0")));
  await client.iqCaller.request(
    xml(
      "iq",
      { type: "get", to: service.service },
      xml("query", { xmlns: "http://jabber.org/protocol/disco#info" }),
    ),
  );
  t.is(client.asked.length, 4);
});

test("an error is the one that the client gave before", async (t) => {
  const { read, service } = await attached(t, 1);
  const original = Object.assign(new Error("item-not-found"), {
    name: "StanzaError",
    condition: "item-not-found",
  });
  service.before = () => {
    throw original;
  };
  t.is(await t.throwsAsync(read({})), original);
});

test("an answer from somebody who was not asked is none", async (t) => {
  const { client, cache, service, account, address } = await attached(t, 1);
  const requester = attachCache(
    Object.assign(client, {
      iqCaller: {
        request: async (iq: XmlElement) => {
          const answer = await service.request(iq);
          answer.attrs.from = "mallory@evil.test";
          return answer;
        },
      },
    }) as unknown as PlainClient,
    { cache, account },
  ).account;
  await t.throwsAsync(cache.getItems(requester, address), { message: /mallory@evil.test has answered/ });
});

test("notifications keep the cache up to date, and a client that is given back is as it was", async (t) => {
  const { client, cache, read, idsOf, service, cached, store, detach } = await attached(t, 1);
  await read({});
  await cache.idle();
  const committed = new Promise<void>((resolve) => store.database.onCommit(() => resolve()));
  client.emit("stanza", service.event(`<items node="feed">${service.itemXml("live")}</items>`));
  await committed;
  await cache.idle();
  t.deepEqual(await cached(), ["i0", "live"]);
  detach();
  client.asked.length = 0;
  t.deepEqual(idsOf(await read({})), ["i0"], "the service was never told of it");
  t.is(client.asked.length, 1);
  t.is(client.listenerCount("stanza"), 0);
});

test("what a plain client publishes and retracts is read from the cache at once, its requests going out as they were", async (t) => {
  const { client, read, idsOf, cache, service } = await attached(t, 2);
  await read({});
  await cache.idle();
  const set = (child: XmlElement) =>
    client.iqCaller.request(
      xml("iq", { type: "set", to: service.service, id: "mine" }, xml("pubsub", { xmlns: PUBSUB }, child)),
    );
  const item = xml("item", { id: "a" }, xml("entry", { xmlns: "urn:example:entry" }, "new"));
  await set(xml("publish", { node: service.node }, item));
  t.is(client.asked.at(-1)?.attrs.id, "mine");
  await set(xml("retract", { node: service.node }, xml("item", { id: "i0" })));
  const asked = client.asked.length;
  t.deepEqual(idsOf(await read({})), ["i1", "a"]);
  t.is(client.asked.length, asked);
  const refusal = Object.assign(new Error("forbidden"), { name: "StanzaError", condition: "forbidden" });
  service.before = () => {
    throw refusal;
  };
  t.is(await t.throwsAsync(set(xml("publish", { node: service.node }, item))), refusal);
});
