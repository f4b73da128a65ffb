import { prepareItem } from "@larder/storage";
import { accountIn, item, onEachEngine, temporaryStore } from "./support.js";

async function filled(store: Awaited<ReturnType<typeof temporaryStore>>) {
  const accountId = await accountIn(store);
  const node = await store.nodes.ensure({ accountId, service: "pubsub.larder.test", node: "blog" });
  await store.nodes.update(node.id, { type: "blog", state: "synced" });
  await store.items.storeLive(node.id, 1, [
    item("c", { title: "Old C" }, "old c"),
    item("a", { title: "Old A" }, "old a"),
    item("b"),
  ]);
  return node;
}

onEachEngine(
  "items to parse again come by id, a page at a time, without those that are right",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const { id } = await filled(store);
    const ids = async (options: Omit<Parameters<typeof store.parsing.items>[1], "limit">, limit = 10) =>
      (await store.parsing.items(id, { ...options, limit })).map(({ itemId }) => itemId);
    t.deepEqual(await ids({}), ["a", "b", "c"]);
    t.deepEqual(await ids({}, 2), ["a", "b"]);
    t.deepEqual(await ids({ after: "b" }), ["c"]);
    t.deepEqual(await ids({ unless: "test@1" }), ["b"]);
    t.deepEqual(await ids({ unless: "test@2" }), ["a", "b", "c"]);
    t.deepEqual(await ids({ unless: null }), ["a", "c"]);
  },
);

onEachEngine(
  "new parsed data replace the old for reading, fields and words, and change neither time nor order",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const { id } = await filled(store);
    const before = (await store.items.page(id, {})).items;
    const [a, b, c] = await store.parsing.items(id, { limit: 10 });
    if (!a || !b || !c) throw new Error("an item is missing");
    const json = JSON.stringify({ title: "New A" });
    const kept = await store.parsing.store([
      { item: a, parsedJson: json, parser: "test@2", prepared: prepareItem(json, "new a") },
      { item: b, parsedJson: JSON.stringify({ title: "New B" }), parser: "test@2", text: "new b" },
      { item: c, parseError: "it broke", parser: "test@2", text: "raw c" },
    ]);
    t.is(kept, 3);
    const after = (await store.items.page(id, {})).items;
    t.deepEqual(
      after.map(({ parsed, parseError }) => parsed ?? parseError),
      ["it broke", { title: "New A" }, { title: "New B" }],
    );
    t.deepEqual(
      after.map(({ itemId, updated, position, xml }) => ({ itemId, updated, position, xml })),
      before.map(({ itemId, updated, position, xml }) => ({ itemId, updated, position, xml })),
    );
    const found = async (search: Parameters<typeof store.itemSearch.search>[0]) =>
      (await store.itemSearch.search(search)).items.map(({ itemId }) => itemId).toSorted();
    t.deepEqual(await found({ fts: "new", limit: 10 }), ["a", "b"]);
    t.deepEqual(await found({ fts: "old", limit: 10 }), []);
    t.deepEqual(await found({ parsed: [{ path: ["title"], op: "ilike", value: "NEW%" }], limit: 10 }), [
      "a",
      "b",
    ]);
  },
);

onEachEngine("an item that was written meanwhile keeps what it was written with", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const { id } = await filled(store);
  const items = await store.parsing.items(id, { limit: 10 });
  await store.items.storeLive(id, 1, [{ ...item("a", { title: "Live" }, "live"), parser: "test@2" }]);
  await store.items.remove(id, ["b"]);
  const kept = await store.parsing.store(
    items.map((one) => ({ item: one, parsedJson: '{"title":"Late"}', parser: "test@2", text: "late" })),
  );
  t.is(kept, 1);
  t.deepEqual(
    (await store.items.page(id, {})).items.map(({ itemId, parsed }) => [itemId, parsed]),
    [
      ["c", { title: "Late" }],
      ["a", { title: "Live" }],
    ],
  );
});

onEachEngine("which parser has seen everything is remembered for each analyser", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  t.deepEqual([...(await store.parsing.finishedWith())], []);
  await store.parsing.finished("a", "a@1");
  await store.parsing.finished("__proto__", "");
  await store.parsing.finished("a", "a@2");
  t.deepEqual(
    [...(await store.parsing.finishedWith())],
    [
      ["a", "a@2"],
      ["__proto__", ""],
    ],
  );
});
