// Faults that were seen in another client's pubsub cache, case by case: each is a test of ours, against both servers.
import test, { type ExecutionContext } from "ava";
import {
  entry,
  heard,
  isEqual,
  type Place,
  place,
  type RealServer,
  servers,
  startServer,
  until,
  whileOffline,
} from "./place.js";

/** An entry that its parser refuses. */
const noEntry = (xml: string) => xml.replaceAll(/(<\/?)entry/g, "$1feed");

async function fill(server: RealServer, at: Place, count: number, bad?: number): Promise<void> {
  const payload = (i: number) => (i === bad ? noEntry(entry(`first of ${i}`)) : entry(`first of ${i}`));
  if ("fillNode" in server) {
    const items = Array.from({ length: count }, (_, i) => ({ id: `i${i}`, payload: payload(i) }));
    await server.fillNode(at.address.node, items, { owner: "bob" });
    return;
  }
  await at.publisher.create();
  await at.publisher.publishAll(bad ?? count);
  if (bad === undefined) return;
  await at.publisher.publishXml(`i${bad}`, payload(bad));
  for (let i = bad + 1; i < count; i++) await at.publisher.publish(`i${i}`, `first of ${i}`);
}

const changes = async ({ publisher }: Place): Promise<void> => {
  for (const id of ["x", "y", "z"]) await publisher.publish(id, "new");
  for (const id of ["i1", "i2"]) await publisher.retract(id);
};

for (const name of servers) {
  const onServer = (
    title: string,
    body: (t: ExecutionContext, server: RealServer) => Promise<void>,
    resumption = 600,
  ) =>
    test.serial(`${name}: ${title}`, async (t) => {
      const server = await startServer(name, resumption);
      t.teardown(() => server.stop());
      await body(t, server);
    });

  onServer(
    "a node of more items than a page is kept whole, though the service announces no paging",
    async (t, server) => {
      const at = await place(t, server);
      await fill(server, at, 300);
      const node = await at.cache.sync(at.account, at.address);
      t.like(node, { items: 300, subscribed: true });
      await isEqual(t, at);
    },
  );

  onServer("what was published and retracted while nobody was there is found after it", async (t, server) => {
    const at = await place(t, server);
    await fill(server, at, 60);
    await at.cache.sync(at.account, at.address);
    await whileOffline(at, () => changes(at));
    await isEqual(t, at);
  });

  onServer("what happens while a connection is lost and resumed is not missed", async (t, server) => {
    const at = await place(t, server, { proxied: true });
    await fill(server, at, 60);
    await at.cache.sync(at.account, at.address);
    at.proxy?.pause();
    await changes(at);
    at.proxy?.cut();
    at.proxy?.resume();
    await heard(at, "z");
    await at.publisher.publish("after", "after");
    await heard(at, "after");
    await isEqual(t, at);
  });

  onServer("what happens around a restart of the server is found, and events go on", async (t, server) => {
    const at = await place(t, server, { proxied: true });
    await fill(server, at, 60);
    await at.cache.sync(at.account, at.address);
    at.proxy?.pause(); // the reader cannot come back before the changes are made
    await server.restart();
    const before = Date.now();
    const from = await at.store.events.newest();
    await at.publisher.online();
    await changes(at);
    at.proxy?.cut();
    at.proxy?.resume();
    await until(at, async () => {
      const node = await at.store.nodes.find({ accountId: at.account.id, ...at.address });
      return node?.state === "synced" && (node.lastCheck?.getTime() ?? 0) > before;
    });
    await isEqual(t, at);
    const { events } = await at.store.events.since(from, { limit: 100 });
    const told = new Set(events.flatMap(({ data }) => (data.ids as string[] | undefined) ?? []));
    t.deepEqual([...told].sort(), ["i1", "i2", "x", "y", "z"], "attributes in another order are no change");
    await at.publisher.publish("after", "after");
    await heard(at, "after");
    await isEqual(t, at);
  });

  onServer(
    "one entry that cannot be parsed, in a node or in an event, costs nothing but its own parsed data",
    async (t, server) => {
      const at = await place(t, server);
      await fill(server, at, 40, 20);
      t.is((await at.cache.sync(at.account, at.address)).items, 40);
      await isEqual(t, at);
      await at.publisher.publishXml("bad", noEntry(entry("bad")));
      await at.publisher.publish("good", "good");
      await heard(at, "good");
      await isEqual(t, at);
      const { items } = await at.cache.getCached(at.account, {
        ...at.address,
        itemIds: ["i20", "bad", "good"],
      });
      t.deepEqual(
        items.map(({ parsed, parseError }) => [parsed !== undefined, parseError !== undefined]),
        [
          [false, true],
          [false, true],
          [true, false],
        ],
      );
    },
  );
}

test.serial("ejabberd: a node of more than 5000 items is kept whole", async (t) => {
  const server = await startServer("ejabberd");
  t.teardown(() => server.stop());
  const at = await place(t, server);
  await fill(server, at, 5200);
  t.is((await at.cache.sync(at.account, at.address)).items, 5200);
  await isEqual(t, at);
});
