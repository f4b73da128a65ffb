import test, { type ExecutionContext } from "ava";
import { entry, isEqual, type Place, place, type RealServer, servers, startServer, until } from "./place.js";

const CUTS = process.env.LARDER_SOAK ? 50 : 8;

async function fill(server: RealServer, at: Place, count: number): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => ({ id: `i${i}`, payload: entry(`first of ${i}`) }));
  if ("fillNode" in server) await server.fillNode(at.address.node, items, { owner: "bob" });
  else {
    await at.publisher.create();
    await at.publisher.publishAll(count);
  }
}

const isSynced = (at: Place) => async () => {
  const node = await at.store.nodes.find({ accountId: at.account.id, ...at.address });
  return node?.state === "synced";
};

/** Does something to the connection or the server, again and again, while the node is read, and then lets it be. */
async function readThrough(
  t: ExecutionContext,
  at: Place,
  times: number,
  trouble: () => Promise<void>,
): Promise<void> {
  let left = times;
  const done = (async () => {
    while (left > 0) {
      await at.reader.online();
      left--;
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 120)); // a moment nobody can foresee
      await trouble();
    }
  })();
  await at.cache.sync(at.account, at.address).catch(() => {});
  await done;
  await until(at, isSynced(at));
  await isEqual(t, at);
}

for (const name of servers) {
  const size = name === "ejabberd" ? 6000 : 1500;

  test.serial(
    `${name}: a connection cut again and again while a node is read costs nothing of it`,
    async (t) => {
      const server = await startServer(name);
      t.teardown(() => server.stop());
      const at = await place(t, server, { proxied: true });
      await fill(server, at, size);
      await readThrough(t, at, CUTS, async () => at.proxy?.cut());
      t.deepEqual(at.reader.failures, []);
    },
  );

  test.serial(`${name}: sessions that end while a node is read cost nothing of it`, async (t) => {
    const server = await startServer(name);
    t.teardown(() => server.stop());
    const at = await place(t, server);
    await fill(server, at, size);
    await readThrough(t, at, CUTS, async () => {
      await at.reader.session.disconnect();
      await at.reader.session.connect();
    });
  });

  test.serial(
    `${name}: a server killed while a node is read, and back later, costs nothing of it`,
    async (t) => {
      const server = await startServer(name);
      t.teardown(() => server.stop());
      const at = await place(t, server);
      await fill(server, at, size);
      await readThrough(t, at, 2, async () => {
        await server.kill();
        await server.restart();
      });
    },
  );

  test.serial(`${name}: readers see no empty and no half node while it is read again`, async (t) => {
    const server = await startServer(name);
    t.teardown(() => server.stop());
    const at = await place(t, server, { proxied: true });
    await fill(server, at, 600);
    await at.cache.sync(at.account, at.address);
    const seen = new Set<number>();
    let reading = true;
    const reads = (async () => {
      while (reading) seen.add((await at.cache.getCached(at.account, at.address)).items.length);
    })();
    for (let round = 0; round < 3; round++) {
      const run = at.cache.sync(at.account, at.address).catch(() => {});
      if (round === 1) at.proxy?.cut();
      await run;
      await at.reader.online();
    }
    await until(at, isSynced(at));
    reading = false;
    await reads;
    t.deepEqual([...seen], [600]);
  });
}
