import test, { type ExecutionContext } from "ava";
import {
  cachedItems,
  heard,
  isEqual,
  place,
  type RealServer,
  type ServerName,
  servers,
  startServer,
  untilDropped,
  whileOffline,
} from "./place.js";

const running = new Map<ServerName, Promise<RealServer>>();
const theServer = (name: ServerName): Promise<RealServer> => {
  const known = running.get(name) ?? startServer(name);
  running.set(name, known);
  return known;
};

test.after.always(async () => {
  for (const server of running.values()) await (await server).stop();
});

for (const name of servers) {
  const onServer = (title: string, body: (t: ExecutionContext, server: RealServer) => Promise<void>) =>
    test.serial(`${name}: ${title}`, async (t) => body(t, await theServer(name)));

  onServer(
    "a node is read in full, in the order of its service, and live changes follow",
    async (t, server) => {
      const at = await place(t, server);
      const { publisher, cache, account, address } = at;
      await publisher.create();
      await publisher.publishAll(330);
      t.like(await cache.sync(account, address), { state: "synced", items: 330, subscribed: true });
      await isEqual(t, at);
      await publisher.publish("new", "new");
      await publisher.publish("i5", "overwritten");
      await publisher.retract("i7");
      await publisher.publish("last", "last");
      await heard(at, "last");
      await isEqual(t, at);
      const [fromCache, fromService] = await Promise.all(
        [true, false].map((useCache) => cache.getItems(account, { ...address, maxItems: 5 }, { useCache })),
      );
      t.is(fromCache?.source, "cache");
      t.is(fromService?.source, "service");
      t.deepEqual(
        fromCache?.items.map(({ id }) => id),
        fromService?.items.map(({ id }) => id),
      );
    },
  );

  onServer(
    "what happens while the account is offline is found when it is back, without reading everything",
    async (t, server) => {
      const at = await place(t, server, { effort: { readWholeBytes: 0, overwriteBytesPerDay: 0 } });
      const { publisher, cache, account, address, store } = at;
      await publisher.create();
      await publisher.publishAll(300);
      await cache.sync(account, address);
      const begin = await store.events.newest();
      const before = (await store.nodes.find({ accountId: account.id, ...address }))?.lastSync;
      await whileOffline(at, async () => {
        for (let i = 0; i < 5; i++) await publisher.publish(`new${i}`, "new");
        await publisher.retract("i0");
        await publisher.retract("i150");
        await publisher.publish("i299", "overwritten");
      });
      await isEqual(t, at);
      const after = await store.nodes.find({ accountId: account.id, ...address });
      t.is(after?.lastSync?.getTime(), before?.getTime(), "no full reading was needed");
      const { events } = await store.events.since(begin, { limit: 100 });
      // ejabberd sends the newest item again as soon as we are available, so that one may come as an event.
      const told = events.filter(({ data }) => data.node === address.node);
      const idsOf = (event: string) =>
        [
          ...new Set(
            told.filter(({ data }) => data.event === event).flatMap(({ data }) => data.ids as string[]),
          ),
        ].sort();
      t.deepEqual(idsOf("items"), ["i299", "new0", "new1", "new2", "new3", "new4"]);
      t.deepEqual(idsOf("retract"), ["i0", "i150"]);
    },
  );

  onServer(
    "a node purged while the account is offline is empty when it is back, or holds what survived",
    async (t, server) => {
      const at = await place(t, server);
      const { publisher, cache, account, address } = at;
      await publisher.create();
      await publisher.publishAll(30);
      await cache.sync(account, address);
      await whileOffline(at, async () => {
        await publisher.purge();
      });
      await isEqual(t, at, "purged");
      await publisher.purge();
      await publisher.publish("a", "after");
      await heard(at, "a");
      await isEqual(t, at, "purged again, and published to");
    },
  );

  onServer(
    "a node deleted and made anew while the account is offline is what it is now",
    async (t, server) => {
      const at = await place(t, server);
      const { publisher, cache, account, address } = at;
      await publisher.create();
      await publisher.publishAll(30);
      await cache.sync(account, address);
      await whileOffline(at, async () => {
        await publisher.delete();
        await publisher.create();
        await publisher.publishAll(3, "other");
      });
      await isEqual(t, at);
      await publisher.publish("live", "live");
      await heard(at, "live");
      await isEqual(t, at, "subscribed anew");
    },
  );

  onServer("a node deleted while the account is online is dropped", async (t, server) => {
    const at = await place(t, server);
    const { publisher, cache, account, address } = at;
    await publisher.create();
    await publisher.publishAll(3);
    await cache.sync(account, address);
    const gone = untilDropped(at);
    await publisher.delete();
    await gone;
    t.is(await cachedItems(at), undefined);
  });

  onServer(
    "an item overwritten in its place while the account is offline is found when it is back",
    async (t, server) => {
      const at = await place(t, server);
      const { publisher, cache, account, address } = at;
      await publisher.create();
      await publisher.publishAll(100);
      await cache.sync(account, address);
      await whileOffline(at, async () => {
        await publisher.publish("i3", "overwritten");
      });
      await isEqual(t, at);
    },
  );

  onServer("ids of any Unicode and payloads of a megabyte are kept as they are", async (t, server) => {
    const at = await place(t, server);
    const { publisher, cache, account, address } = at;
    await publisher.create();
    for (const id of ["日本語", "a b  c", "'\"<>&", "😀", "\u0301é", "x".repeat(700)])
      await publisher.publish(id, "x");
    if (name === "prosody")
      for (let i = 0; i < 11; i++) await publisher.publish(`large${i}`, "l".repeat(1_000_000));
    else await publisher.publish("large", "l".repeat(1_000_000));
    await cache.sync(account, address);
    await isEqual(t, at);
  });
}
