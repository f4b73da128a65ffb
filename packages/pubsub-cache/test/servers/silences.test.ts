// What services do to nodes without telling anybody, each found by the cache itself.
import { configureNode } from "@larder/core";
import test, { type ExecutionContext } from "ava";
import { heard, isEqual, nodeOf, place, type RealServer, servers, startServer, until } from "./place.js";

const SOON = { listingMs: 1000, listingSoonMs: 300 };

for (const name of servers) {
  const onServer = (title: string, body: (t: ExecutionContext, server: RealServer) => Promise<void>) =>
    test.serial(`${name}: ${title}`, async (t) => {
      const server = await startServer(name);
      t.teardown(() => server.stop());
      // The cache's own timers let a process end.
      const alive = setInterval(() => {}, 1000);
      t.teardown(() => clearInterval(alive));
      await body(t, server);
    });

  onServer("what a full node drops goes here, too", async (t, server) => {
    const at = await place(t, server, { timing: SOON });
    await at.publisher.create({ maxItems: 20 });
    await at.publisher.publishAll(18);
    await at.cache.sync(at.account, at.address);
    for (let n = 18; n < 40; n++) await at.publisher.publish(`i${n}`, "more");
    await heard(at, "i39");
    await until(at, async () => (await nodeOf(at))?.items === 20);
    await isEqual(t, at);
  });

  onServer("a node that is deleted and made anew is followed again", async (t, server) => {
    const at = await place(t, server, { timing: SOON });
    await at.publisher.create({ quiet: true });
    await at.publisher.publishAll(3);
    await at.cache.sync(at.account, at.address);
    await at.publisher.delete();
    await at.publisher.create({ quiet: true });
    await at.publisher.publish("new", "new");
    await heard(at, "new");
    await at.cache.idle();
    await at.publisher.publish("newer", "newer");
    await heard(at, "newer");
    await isEqual(t, at);
  });

  // ejabberd lets subscribers go on reading.
  if (name === "ejabberd") continue;
  onServer("who is shut out of a node reads its copy no more", async (t, server) => {
    const at = await place(t, server, { timing: SOON });
    await at.publisher.create();
    await at.publisher.publishAll(3);
    await at.cache.sync(at.account, at.address);
    const config = { "pubsub#access_model": "whitelist" };
    await configureNode(at.publisher.session, { ...at.address, config });
    await t.throwsAsync(at.cache.getItems(at.account, at.address, { useCache: false }));
    await t.throwsAsync(at.cache.getItems(at.account, at.address));
    await at.cache.idle();
    await t.throwsAsync(at.cache.getItems(at.account, at.address));
  });
}
