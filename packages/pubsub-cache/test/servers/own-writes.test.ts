import {
  createNode,
  deleteNode,
  getItems,
  parseTrustedXml,
  publishItem,
  purgeNode,
  retractItem,
} from "@larder/core";
import test from "ava";
import { entry, type Place, place, servers, startServer } from "./place.js";

const told = async ({ store }: Place): Promise<string[]> => {
  const { events } = await store.events.since(await store.events.oldest(), { limit: 100 });
  return events.map(({ data }) => [data.origin, data.event, ...((data.ids as string[]) ?? [])].join(" "));
};

for (const name of servers)
  for (const pep of [true, false])
    for (const subscribed of [true, false]) {
      const kind = pep ? "a PEP node" : "a node of the pubsub service";
      test.serial(
        `${name}: what we change in ${kind} is read at once and told once, ${subscribed ? "with" : "without"} a subscription`,
        async (t) => {
          const server = await startServer(name);
          t.teardown(() => server.stop());
          const at = await place(t, server);
          const { cache, account, store } = at;
          const address = { service: pep ? account.jid : server.pubsub, node: "urn:xmpp:microblog:0" };
          const own = cache.writer(account);
          const ids = async () => (await cache.getItems(account, address)).items.map(({ id }) => id);
          const there = async () => (await getItems(at.reader.session, address)).items.map(({ id }) => id);
          const post = (id: string, title: string) =>
            publishItem(own, { ...address, id, payload: parseTrustedXml(entry(title)) });
          await createNode(at.reader.session, { ...address, config: { "pubsub#max_items": "100" } });
          await post("a", "first");
          await cache.sync(account, address);
          if (!subscribed) await cache.unsubscribe(account, address);
          await cache.idle();
          const before = (await told(at)).length;

          await post("b", "second");
          t.deepEqual(await ids(), ["a", "b"]);
          await post("a", "first again");
          const [again] = (await cache.getItems(account, { ...address, itemIds: ["a"] })).items;
          t.true(again?.xml.includes("first again"));
          await post("2024 report", "with a blank");
          // Prosody 0.12 itself writes the one id as the other.
          const lineEnd = name === "prosody" ? "b" : "2024\nreport";
          await post(lineEnd, "with a line end");
          await retractItem(own, { ...address, id: lineEnd, notify: false });
          const left = name === "prosody" ? ["2024 report", "a"] : ["2024 report", "a", "b"];
          t.deepEqual((await ids()).sort(), left);
          await cache.idle();
          t.deepEqual((await there()).sort(), left);
          await purgeNode(own, address.service, address.node);
          t.deepEqual(await ids(), []);
          await cache.idle();
          await deleteNode(own, address.service, address.node);
          await t.throwsAsync(ids());
          await cache.idle();
          t.is(await store.nodes.find({ accountId: account.id, ...address }), undefined);
          t.deepEqual(
            (await told(at)).slice(before).filter((event) => !event.includes("subscription")),
            [
              "live items b",
              "live items a",
              "live items 2024 report",
              `live items ${lineEnd}`,
              `live retract ${lineEnd}`,
              "live purge",
              "live delete",
            ],
          );
        },
      );
    }
