import { accountIn, item, onEachEngine, temporaryStore } from "./support.js";

async function nodeIn(store: Awaited<ReturnType<typeof temporaryStore>>, type = "blog") {
  const accountId = await accountIn(store);
  const node = await store.nodes.ensure({ accountId, service: "pubsub.larder.test", node: "blog" });
  await store.nodes.update(node.id, { type, state: "synced" });
  return node;
}

onEachEngine(
  "items of a synchronisation appear together at its end, in the service's order",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    const generation = await store.nodes.beginGeneration(node.id);
    await store.items.storePage(node.id, generation, 0, ["b", "a"], [item("b"), item("a")]);
    await store.items.storePage(node.id, generation, 2, ["c"], [item("c")]);
    t.deepEqual((await store.items.page(node.id, {})).items, []);
    await store.items.finishGeneration(node.id, generation);
    const page = await store.items.page(node.id, {});
    t.deepEqual(
      page.items.map(({ itemId }) => itemId),
      ["b", "a", "c"],
    );
    t.is(page.count, 3);
    t.like(await store.items.page(node.id, { after: 99 }), { items: [], complete: true, count: 3 });
  },
);

onEachEngine(
  "a resynchronisation drops what it did not see, keeps what events brought meanwhile, and takes the new order",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    const first = await store.nodes.beginGeneration(node.id);
    await store.items.storePage(node.id, first, 0, ["a", "b", "c"], [item("a"), item("b"), item("c")]);
    await store.items.finishGeneration(node.id, first);
    const second = await store.nodes.beginGeneration(node.id);
    await store.items.storePage(node.id, second, 0, ["c", "a"], []);
    await store.items.storeLive(node.id, second, [item("live")]);
    t.deepEqual(
      (await store.items.page(node.id, {})).items.map(({ itemId }) => itemId),
      ["a", "b", "c", "live"],
      "readers see the old order until the end",
    );
    t.deepEqual(await store.items.finishGeneration(node.id, second), ["b"]);
    t.deepEqual(
      (await store.items.page(node.id, {})).items.map(({ itemId }) => itemId),
      ["c", "a", "live"],
    );
  },
);

onEachEngine(
  "an overwritten item becomes the newest, keeps its creation time and gets a new modification time",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    await store.items.storeLive(node.id, 0, [item("a"), item("b")]);
    const before = (await store.items.byIds(node.id, ["a"]))[0];
    await new Promise((resolve) => setTimeout(resolve, 3));
    await store.items.storeLive(node.id, 0, [{ ...item("a"), xml: "<item id='a'>new</item>" }]);
    const page = await store.items.page(node.id, { newestFirst: true, limit: 1 });
    t.is(page.items[0]?.itemId, "a");
    t.false(page.complete);
    t.is(page.index, 1);
    t.deepEqual(page.items[0]?.created, before?.created);
    t.true(Number(page.items[0]?.updated) > Number(before?.updated));
  },
);

onEachEngine(
  "items read for handing on as JSON say the same as items read as text, whatever is in them",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    const awkward = `<item id='a'>"quoted" \\ back/slash \t\n \u2028 \u007f é 🫖 'x'</item>`;
    await store.items.storeLive(node.id, 0, [
      { ...item("a"), xml: awkward, parsedJson: JSON.stringify({ title: awkward, tags: ["ü", null, 1.5] }) },
      { ...item("b"), parsedJson: undefined, parseError: "no parser" },
    ]);
    const text = await store.items.page(node.id, {});
    const written = await store.items.page(node.id, { written: true });
    const plain = ({ xml, parsed, parseError, itemId, position }: (typeof text.items)[number]) => ({
      xml,
      parsed,
      parseError,
      itemId,
      position,
    });
    t.deepEqual(written.items.map(plain), text.items.map(plain));
    t.deepEqual((await store.items.byIds(node.id, ["b", "a"], { written: true })).map(plain), [
      ...text.items.map(plain).reverse(),
    ]);
    for (const each of written.items) {
      t.is(each.written !== undefined, engine === "sqlite");
      if (each.written === undefined) continue;
      t.deepEqual(JSON.parse(`{${Buffer.from(each.written).toString()}}`), {
        xml: each.xml,
        ...(each.parsed !== undefined && { parsed: each.parsed }),
      });
    }
    t.deepEqual(JSON.parse(written.items[0]?.parsedJson ?? ""), text.items[0]?.parsed);
    t.is(written.items[1]?.parsedJson, undefined);
  },
);

onEachEngine("pages after and before a position meet without overlap", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const node = await nodeIn(store);
  await store.items.storeLive(
    node.id,
    0,
    Array.from({ length: 10 }, (_, n) => item(`i${n}`)),
  );
  const first = await store.items.page(node.id, { limit: 4, index: 0 });
  t.deepEqual(
    first.items.map(({ itemId }) => itemId),
    ["i0", "i1", "i2", "i3"],
  );
  const next = await store.items.page(node.id, { limit: 4, after: first.items[3]?.position });
  t.deepEqual(
    next.items.map(({ itemId }) => itemId),
    ["i4", "i5", "i6", "i7"],
  );
  t.is(next.index, 4);
  const back = await store.items.page(node.id, {
    limit: 4,
    before: next.items[0]?.position,
    newestFirst: true,
  });
  t.deepEqual(
    back.items.map(({ itemId }) => itemId),
    ["i0", "i1", "i2", "i3"],
  );
  t.true(back.complete);
  t.true((await store.items.page(node.id, { limit: 4, after: next.items[3]?.position })).complete);
});

onEachEngine("ids of any Unicode are found again in the order asked", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const node = await nodeIn(store);
  const ids = ["a'b", 'q"uote', "пост", "👩‍👩‍👧", "", " "];
  await store.items.storeLive(
    node.id,
    0,
    ids.map((id) => ({ ...item("x"), itemId: id })),
  );
  const asked = [...ids].reverse();
  t.deepEqual(
    (await store.items.byIds(node.id, [...asked, "missing"])).map(({ itemId }) => itemId),
    asked,
  );
});

onEachEngine(
  "a text that PostgreSQL cannot hold is refused alike, before anything is kept",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    for (const xml of ["<a>\0</a>", "<a>\ud800</a>", "<a>\\\0</a>"]) {
      await t.throwsAsync(store.items.storeLive(node.id, 0, [{ ...item("x"), xml }]), {
        name: "InvalidQueryError",
      });
    }
    await store.items.storeLive(node.id, 0, [{ ...item("x"), xml: "<a>\\u0000 \\ud800</a>" }]);
    t.is((await store.items.byIds(node.id, ["x"]))[0]?.xml, "<a>\\u0000 \\ud800</a>");
  },
);

onEachEngine(
  "parsed data nested too deeply to be searched costs its item its parsed data alone",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    const deep = `${"[".repeat(1500)}${"]".repeat(1500)}`;
    await store.items.storeLive(node.id, 0, [{ ...item("deep"), parsedJson: deep }, item("flat", { n: 1 })]);
    const found = await store.itemSearch.search({
      limit: 9,
      parsed: [{ path: ["n"], op: "exists", value: true }],
    });
    t.deepEqual(
      found.items.map(({ itemId }) => itemId),
      ["flat"],
    );
    t.regex(
      String((await store.items.byIds(node.id, ["deep"]))[0]?.parseError),
      /nested more than 200 levels/,
    );
  },
);

onEachEngine("a node knows how many items it has, whatever happens to them", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const node = await nodeIn(store);
  const count = async () => (await store.items.page(node.id, { limit: 1 })).count;
  await store.items.storeLive(node.id, 0, [item("a"), item("b"), item("a")]);
  t.is(await count(), 2);
  const generation = await store.nodes.beginGeneration(node.id);
  await store.items.storePage(node.id, generation, 0, ["c", "a"], [item("c")]);
  t.is(await count(), 2, "not yet placed");
  await store.items.storeLive(node.id, generation, [item("c"), item("d")]);
  t.is(await count(), 4, "an event has shown an item that the run had found");
  await store.items.finishGeneration(node.id, generation);
  t.is(await count(), 3);
  await store.items.remove(node.id, ["a", "nobody"]);
  t.is(await count(), 2);
  t.is((await store.nodes.list())[0]?.items, 2);
  await store.items.clear(node.id);
  t.is(await count(), 0);
  t.is(await store.items.count(), 0);
});

onEachEngine("the index of a page is right where items have gone from the midst", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const node = await nodeIn(store);
  const ids = Array.from({ length: 20 }, (_, n) => `i${n}`);
  await store.items.storeLive(
    node.id,
    0,
    ids.map((id) => item(id)),
  );
  await store.items.remove(node.id, ["i3", "i7"]);
  const position = await store.items.positionOf(node.id, "i9");
  const page = await store.items.page(node.id, { limit: 3, after: position });
  t.is(page.items[0]?.itemId, "i10");
  t.is(page.index, 8);
  t.is((await store.items.page(node.id, { limit: 3, newestFirst: true })).index, 15);
});

onEachEngine("a page of thousands of items is kept as a small one is", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const node = await nodeIn(store);
  const ids = Array.from({ length: 5000 }, (_, n) => `i${n}`);
  const generation = await store.nodes.beginGeneration(node.id);
  await store.items.storePage(
    node.id,
    generation,
    0,
    ids,
    ids.map((id, n) => item(id, { n })),
  );
  const again = await store.nodes.beginGeneration(node.id);
  await store.items.storePage(node.id, again, 0, ids, []);
  await store.items.finishGeneration(node.id, again);
  const page = await store.items.page(node.id, { limit: 2, after: 2999 });
  t.deepEqual(
    page.items.map(({ itemId, parsed }) => [itemId, parsed]),
    [
      ["i3000", { n: 3000 }],
      ["i3001", { n: 3001 }],
    ],
  );
  t.is(page.count, 5000);
});

onEachEngine(
  "a page goes on after a cursor whose item is gone, also where it was the newest",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    await store.items.storeLive(node.id, 0, [item("a"), item("b"), item("c")]);
    const cursor = await store.items.positionOf(node.id, "c");
    await store.items.remove(node.id, ["b", "c"]);
    await store.items.storeLive(node.id, 0, [item("d"), item("e")]);
    const after = async () =>
      (await store.items.page(node.id, { limit: 9, after: cursor })).items.map((i) => i.itemId);
    t.deepEqual(await after(), ["d", "e"]);
    await store.items.clear(node.id);
    await store.items.storeLive(node.id, 0, [item("f")]);
    t.deepEqual(await after(), ["f"]);
    t.is((await store.items.page(node.id, { limit: 9 })).index, 0);
  },
);

onEachEngine(
  "items that are moved to the end while a node is read stand behind all its pages, in their order",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const node = await nodeIn(store);
    const order = async () => (await store.items.page(node.id, {})).items.map(({ itemId }) => itemId);
    const first = await store.nodes.beginGeneration(node.id);
    await store.items.storePage(node.id, first, 0, ["a", "b", "c"], [item("a"), item("b"), item("c")]);
    await store.itemCare.moveToEnd(node.id, ["b", "a", "unknown"]);
    t.deepEqual(await order(), [], "they are not seen before the others");
    await store.items.storePage(node.id, first, 3, ["d"], [item("d")]);
    await store.items.finishGeneration(node.id, first);
    t.deepEqual(await order(), ["c", "d", "b", "a"]);
    const second = await store.nodes.beginGeneration(node.id);
    await store.items.storePage(node.id, second, 0, ["c", "d", "b", "a"], []);
    await store.itemCare.moveToEnd(node.id, ["a"]);
    await store.itemCare.moveToEnd(node.id, ["c"]);
    t.deepEqual(await order(), ["d", "b", "a", "c"], "readers see it at once");
    await store.items.storePage(node.id, second, 4, ["e"], [item("e")]);
    await store.items.finishGeneration(node.id, second);
    t.deepEqual(await order(), ["d", "b", "e", "a", "c"]);
  },
);
