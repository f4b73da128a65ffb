import { accountIn, onEachEngine, temporaryStore } from "./support.js";

const early = {
  conversation: "bob@larder.test",
  id: "m1",
  own: false,
  groupchat: false,
  state: "delivered",
} as const;

onEachEngine("a confirmation waits once for its message, as the most that was said", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  const other = await accountIn(store, "carol@larder.test");
  await store.confirmations.put(accountId, { ...early, state: "displayed" });
  await store.confirmations.put(accountId, early);
  await store.confirmations.put(accountId, { ...early, own: true });
  await store.confirmations.put(other, early);
  const waiting = await store.confirmations.waitingIn(accountId, ["carol@larder.test", early.conversation]);
  t.deepEqual(
    waiting.map(({ row: _, ...rest }) => rest),
    [
      { ...early, state: "displayed" },
      { ...early, own: true },
    ],
  );
  await store.confirmations.remove(waiting.slice(0, 1).map(({ row }) => row));
  t.is((await store.confirmations.waitingIn(accountId, [early.conversation])).length, 1);
  t.is((await store.confirmations.waitingIn(other, [early.conversation])).length, 1);
});

onEachEngine(
  "no more than 500 confirmations of an account wait, the latest, and none when its archive is read",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const room = { ...early, conversation: "room@larder.test", groupchat: true, own: true };
    await store.database.write(async () => {
      for (let n = 0; n < 510; n++) await store.confirmations.put(accountId, { ...early, id: `m${n}` });
      await store.confirmations.put(accountId, room);
    });
    const ids = async () =>
      (await store.confirmations.waitingIn(accountId, [early.conversation, room.conversation])).map(
        ({ id }) => id,
      );
    t.is((await ids()).length, 500);
    t.is((await ids())[0], "m11");
    await store.confirmations.forget(accountId, undefined);
    t.deepEqual(await ids(), [room.id]);
    await store.confirmations.forget(accountId, room.conversation);
    t.deepEqual(await ids(), []);
  },
);
