import { StorageError } from "@larder/storage";
import { accountIn, gate, onEachEngine, temporaryStore } from "./support.js";

onEachEngine("closing waits for what reads and writes, and refuses what comes after", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  const [reading, go] = [gate(), gate()];
  const slow = database.read(async ({ transaction }) => {
    reading.open();
    await go.opened;
    return database.models.Account.count({ transaction });
  });
  await reading.opened;
  let closed = false;
  const closing = database.close().then(() => {
    closed = true;
  });
  await t.throwsAsync(
    database.write(async () => {}),
    { instanceOf: StorageError, message: /closed/ },
  );
  await t.throwsAsync(
    database.read(async () => {}),
    { instanceOf: StorageError, message: /closed/ },
  );
  t.false(closed);
  go.open();
  t.is(await slow, 0);
  await closing;
});

onEachEngine(
  "those who wait for a reader when the database closes are told that it is closed",
  async (t, engine) => {
    const { database } = await temporaryStore(t, engine);
    const go = gate();
    const places = 8;
    let readers = 0;
    const all = gate();
    const busy = Array.from({ length: places }, () =>
      database.read(async () => {
        if (++readers === places) all.open();
        await go.opened;
      }),
    );
    await all.opened;
    const waiting = database.read(async () => "read");
    const refused = t.throwsAsync(waiting, { instanceOf: StorageError, message: /closed/ });
    const closing = database.close();
    await refused;
    go.open();
    await Promise.all([...busy, closing]);
  },
);

onEachEngine("a commit listener that throws holds up nobody who wrote", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const thrown = new Promise<unknown>((resolve) => {
    const others = process.rawListeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => {
      for (const other of others) process.on("uncaughtException", other as never);
      resolve(error);
    });
  });
  const stop = store.database.onCommit(() => {
    throw new Error("a listener's fault");
  });
  const id = await accountIn(store);
  stop();
  t.is((await store.accounts.get("alice@larder.test"))?.id, id);
  t.like(await thrown, { message: "a listener's fault" });
});
