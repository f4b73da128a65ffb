import { accountIn, message, onEachEngine, temporaryStore } from "./support.js";

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
  const sent = await store.messages.insert(
    message(accountId, "sent", { direction: "out", conversation: early.conversation, wireId: early.id }),
  );
  const received = await store.messages.insert(
    message(accountId, "received", { conversation: early.conversation, wireId: early.id }),
  );
  const ids = [sent.id, received.id];
  const waiting = await store.confirmations.waitingFor(accountId, ids);
  t.deepEqual(
    waiting.map(({ row: _, ...rest }) => rest),
    [
      { ...early, state: "displayed", messageId: sent.id },
      { ...early, own: true, messageId: received.id },
    ],
  );
  await store.confirmations.remove(waiting.slice(0, 1).map(({ row }) => row));
  t.is((await store.confirmations.waitingFor(accountId, ids)).length, 1);
  t.is(await store.waiting.count(), 2);
});

onEachEngine(
  "no more than 500 confirmations of a conversation wait, the latest, and none when its archive is read",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const room = { ...early, conversation: "room@larder.test", groupchat: true, own: true };
    await store.database.write(async () => {
      for (let n = 0; n < 510; n++) await store.confirmations.put(accountId, { ...early, id: `m${n}` });
      await store.confirmations.put(accountId, room);
    });
    const other = { ...early, conversation: "carol@larder.test" };
    await store.confirmations.put(accountId, other);
    t.is(await store.waiting.count(), 502);
    const oldest = await store.messages.insertAll(
      ["m9", "m10"].map((wireId) =>
        message(accountId, wireId, { direction: "out", conversation: early.conversation, wireId }),
      ),
    );
    const found = await store.confirmations.waitingFor(
      accountId,
      oldest.map(({ id }) => id),
    );
    t.deepEqual(
      found.map(({ id }) => id),
      ["m10"],
    );
    await store.confirmations.forget(accountId, undefined);
    t.is(await store.waiting.count(), 1);
    await store.confirmations.forget(accountId, room.conversation);
    t.is(await store.waiting.count(), 0);
  },
);
