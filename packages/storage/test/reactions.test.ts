import type { ReactionChange } from "@larder/core";
import { createStore } from "@larder/storage";
import { accountIn, message, onEachEngine, reactionChange, temporaryStore } from "./support.js";

const bob = "bob@larder.test";
const room = "room@larder.test";
const setsOf = (changes: readonly ReactionChange[]) => changes.map(({ emojis }) => emojis.join(""));

onEachEngine("changes are found by their holders, in the order of their positions", async (t, engine) => {
  const { messages, reactions, ...store } = await temporaryStore(t, engine);
  const accountId = await accountIn({ ...store, messages, reactions });
  const { id } = await messages.insert(message(accountId, "hi", { wireId: "m" }));
  await reactions.put([
    reactionChange(accountId, { messageId: id, position: 2, emojis: ["🎉"] }),
    reactionChange(accountId, { messageId: id, position: 1, emojis: ["👍"], stands: false }),
    reactionChange(accountId, { messageId: id, sender: "carol@x", emojis: ["😂"] }),
    reactionChange(accountId, { target: "later", emojis: ["👀"], presentSince: new Date(5000) }),
    reactionChange(accountId, {
      messageId: id,
      own: true,
      sender: "alice@x",
      wireId: "w1",
      state: "pending",
    }),
  ]);
  const found = (filter: Parameters<typeof reactions.changes>[1]) => reactions.changes(accountId, filter);
  t.deepEqual(setsOf(await found({ holders: [{ messageId: id, sender: bob }] })), ["👍", "🎉"]);
  t.deepEqual(
    setsOf(
      await found({
        holders: [
          { conversation: bob, target: "later", sender: bob },
          { messageId: id, sender: "carol@x" },
        ],
      }),
    ).sort(),
    ["👀", "😂"].sort(),
  );
  const [waiting] = await found({ holders: [{ conversation: bob, target: "later", sender: bob }] });
  t.like(waiting, { target: "later", messageId: undefined, presentSince: new Date(5000) });
  t.is((await found({ messages: [id] })).length, 4);
  t.is((await found({ messages: [id], standing: true })).length, 3);
  t.is((await found({ sentAs: "w1", to: [bob] })).length, 1);
  t.is((await found({ sentAs: "w1", to: ["other@x"] })).length, 0);
  t.is((await found({ pending: true })).length, 1);
  t.is((await reactions.changes(accountId + 1, { messages: [id] })).length, 0);
});

onEachEngine("what becomes of a change is kept, what it said stays", async (t, engine) => {
  const { messages, reactions, ...store } = await temporaryStore(t, engine);
  const accountId = await accountIn({ ...store, messages, reactions });
  const { id } = await messages.insert(message(accountId, "hi"));
  await reactions.put([reactionChange(accountId, { target: "m", presentSince: new Date(1) })]);
  const [before] = await reactions.changes(accountId, {
    holders: [{ conversation: bob, target: "m", sender: bob }],
  });
  if (!before) throw new Error("nothing waits");
  const after = {
    ...before,
    messageId: id,
    position: 77,
    timestamp: new Date(9000),
    placed: true,
    stands: false,
    stanzaId: "a1",
    since: [70],
    presentSince: undefined,
    state: "refused" as const,
  };
  await reactions.put([{ ...after, emojis: ["🎉"], sender: "mallory@x" }]);
  t.deepEqual(await reactions.changes(accountId, { messages: [id] }), [after]);
  t.deepEqual(
    [...(await reactions.places(accountId, ["a1", "a2"]))],
    [["a1", { timestamp: new Date(9000), position: 77 }]],
  );
  await reactions.remove([before.id ?? 0]);
  t.deepEqual(await reactions.changes(accountId, { messages: [id] }), []);
});

onEachEngine(
  "what stands at messages comes without tombstones, with all that is known of senders",
  async (t, engine) => {
    const { messages, reactions, ...store } = await temporaryStore(t, engine);
    const accountId = await accountIn({ ...store, messages, reactions });
    const [one, other] = await messages.insertAll([message(accountId, "1"), message(accountId, "2")]);
    if (!one || !other) throw new Error("no messages");
    const occupant = { conversation: room, groupchat: true, sender: "occ", nick: 'Bö "x"', realJid: bob };
    await reactions.put([
      reactionChange(accountId, {
        ...occupant,
        messageId: one.id,
        emojis: ["👍", "❤️"],
        since: [1, 2],
        position: 3,
      }),
      reactionChange(accountId, { messageId: one.id, sender: "gone@x", emojis: [] }),
      reactionChange(accountId, { messageId: one.id, sender: "old@x", stands: false }),
      reactionChange(accountId, { messageId: other.id, own: true, sender: "alice@x", position: 9 }),
    ]);
    const standing = await reactions.standing([one.id, other.id, 999]);
    t.deepEqual(
      standing.sort((first, second) => first.messageId - second.messageId),
      [
        { messageId: one.id, ...occupant, own: false, emojis: ["👍", "❤️"], since: [1, 2], position: 3 },
        {
          messageId: other.id,
          conversation: bob,
          groupchat: false,
          sender: "alice@x",
          own: true,
          realJid: undefined,
          nick: undefined,
          emojis: ["👍"],
          since: [],
          position: 9,
        },
      ],
    );
    t.deepEqual(await reactions.standing([]), []);
    await messages.retract(one.id, new Date());
    t.deepEqual(await reactions.changes(accountId, { messages: [one.id] }), []);
  },
);

onEachEngine(
  "an id means the message of its kind: in rooms by the room's id, else by origin-id or id, the first stored",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const { messages, aliases, reactionLedger } = store;
    const accountId = await accountIn(store);
    const [plain, both, twin, said] = await messages.insertAll([
      message(accountId, "plain", { wireId: "w" }),
      message(accountId, "both", { wireId: "x", originId: "o" }),
      message(accountId, "twin", { wireId: "w" }),
      message(accountId, "said", {
        conversation: room,
        type: "groupchat",
        wireId: "w",
        stanzaId: "s",
        stanzaIdBy: room,
      }),
    ]);
    if (!plain || !both || !twin || !said) throw new Error("no messages");
    await messages.insert(message(accountId, "by its other id", { wireId: "z", originId: "y" }));
    const named = await messages.insert(message(accountId, "by its own id", { wireId: "n", originId: "z" }));
    const alias = { accountId, givenBy: bob, conversation: bob, messageId: both.id };
    await aliases.add({ ...alias, kind: "wire", value: "c", correction: true });
    await aliases.add({
      ...alias,
      kind: "stanza",
      value: "s2",
      conversation: room,
      givenBy: room,
      messageId: said.id,
    });
    const direct = (id: string) => ({ conversation: bob, id, groupchat: false });
    const inRoom = (id: string) => ({ conversation: room, id, groupchat: true });
    const found = await reactionLedger.targets(accountId, [
      ...["w", "x", "o", "c", "nothing", "z"].map(direct),
      ...["s", "s2", "w"].map(inRoom),
      { conversation: room, id: "w", groupchat: false },
    ]);
    t.deepEqual(
      found.map((target) => target?.id),
      [plain.id, both.id, both.id, both.id, undefined, named.id, said.id, said.id, undefined, undefined],
    );
    for (const target of ["c", "o", "x", "s", "y"])
      await store.reactions.put([reactionChange(accountId, { target })]);
    for (const target of ["s", "s2", "w", "c"])
      await store.reactions.put([
        reactionChange(accountId, { target, conversation: room, groupchat: true, sender: `${room}/carol` }),
      ]);
    t.deepEqual(
      (await reactionLedger.waiting(accountId, [both.id, said.id]))
        .map(({ change: { target }, message: { id } }) => [id, target])
        .sort(),
      [
        [both.id, "c"],
        [both.id, "o"],
        [both.id, "x"],
        [said.id, "s"],
        [said.id, "s2"],
      ],
    );
    t.deepEqual(await reactionLedger.waiting(accountId + 1, [both.id]), []);
    await store.reactions.put([reactionChange(accountId, { target: "w" })]);
    const [first] = await reactionLedger.waiting(accountId, [twin.id, plain.id]);
    t.is(first?.message.id, plain.id, "the earliest stored has what waited");
    t.deepEqual(await reactionLedger.targets(accountId + 1, [direct("w")]), [undefined]);
  },
);

onEachEngine("an archive's place is where its last message or reaction stands", async (t, engine) => {
  const { messages, reactions, ...store } = await temporaryStore(t, engine);
  const accountId = await accountIn({ ...store, messages, reactions });
  const at = new Date("2026-01-01T00:00:00Z");
  const position = at.getTime() * 1000;
  await messages.insert(
    message(accountId, "hi", { stanzaId: "a", stanzaIdBy: "alice@larder.test", timestamp: at, position }),
  );
  const until = () => messages.archivePosition(accountId, "alice@larder.test", { time: at }, "until");
  t.is(await until(), position);
  await reactions.put([
    reactionChange(accountId, { placed: true, stanzaId: "b", timestamp: at, position: position + 5 }),
    reactionChange(accountId, { placed: false, timestamp: at, position: position + 7 }),
    reactionChange(accountId, {
      placed: true,
      stanzaId: "c",
      timestamp: at,
      position: position + 9,
      conversation: room,
      groupchat: true,
    }),
  ]);
  t.is(await until(), position + 5);
  t.is(await messages.archivePosition(accountId, room, { time: at }, "until"), position + 9);
});

onEachEngine(
  "the ends of what was read of an archive have their positions, unless a message with their id has another",
  async (t, engine) => {
    const { messages, archives, ...store } = await temporaryStore(t, engine);
    const accountId = await accountIn({ ...store, messages, archives });
    const archive = "alice@larder.test";
    const time = new Date("2026-01-01T00:00:00Z");
    const position = time.getTime() * 1000;
    const point = (id: string, above: number) => ({ id, time, position: position + above });
    const at = (end: { id?: string; time?: Date; position?: number | undefined } = {}) =>
      messages.archivePosition(accountId, archive, end, "until");
    await messages.insert(
      message(accountId, "hi", { stanzaId: "a", stanzaIdBy: archive, timestamp: time, position }),
    );
    await archives.setCursor(accountId, archive, { newest: point("copy", 9), startReached: true });
    await archives.addGap(accountId, archive, { after: point("a", 3), before: point("other copy", 7) });
    t.is(await at((await archives.cursor(accountId, archive))?.newest), position + 9);
    const [gap] = await archives.gaps(accountId, archive);
    t.is(await at(gap?.after), position);
    t.is(await at(gap?.before), position + 7);
    await archives.narrowGap(gap?.id ?? 0, point("third copy", 5));
    t.is(await at((await archives.gaps(accountId, archive))[0]?.after), position + 5);
    t.is(await at({ id: "copy", time }), position, "of an older database");
  },
);

onEachEngine(
  "whoever watches is told which messages change, and when that has ended, kept or not",
  async (t, engine) => {
    const { messages, reactions, database, ...store } = await temporaryStore(t, engine);
    const accountId = await accountIn({ ...store, messages, reactions, database });
    const [one, other] = await messages.insertAll([message(accountId, "1"), message(accountId, "2")]);
    if (!one || !other) throw new Error("no messages");
    const told: string[] = [];
    const stop = reactions.watch((ids) => {
      told.push(`begins ${[...ids].map((id) => (id === one.id ? "one" : "other")).join()}`);
      t.true(database.isJoined);
      return () => told.push("ends");
    });
    t.false(database.isJoined);
    await reactions.put([
      reactionChange(accountId, { messageId: one.id }),
      reactionChange(accountId, { messageId: other.id }),
      reactionChange(accountId, { target: "later" }),
    ]);
    t.deepEqual(told.splice(0), ["begins one,other", "ends"]);
    const [change] = await reactions.changes(accountId, { messages: [other.id] });
    const failed = database.write(async () => {
      await reactions.remove([change?.id ?? -1]);
      told.push("goes on");
      throw new Error("no");
    });
    await failed.catch(() => told.push("caller hears"));
    t.deepEqual(told.splice(0), ["begins other", "goes on", "ends", "caller hears"]);
    const [waiting] = await reactions.changes(accountId, {
      holders: [{ conversation: bob, target: "later", sender: bob }],
    });
    await reactions.remove([waiting?.id ?? -1]);
    t.deepEqual(told, [], "what waits for its message shows nowhere");
    stop();
    await reactions.remove([change?.id ?? -1]);
    t.deepEqual(told, []);
  },
);

onEachEngine(
  "of what one sender has waiting in a conversation the latest 200 stay, and others' too",
  async (t, engine) => {
    const { messages, reactions, waiting, ...store } = await temporaryStore(t, engine);
    const accountId = await accountIn({ ...store, messages, reactions, waiting });
    await reactions.put([
      reactionChange(accountId, { target: "m1", sender: "alice@larder.test", own: true }),
    ]);
    for (let part = 0; part < 5; part++)
      await reactions.put(
        Array.from({ length: 100 }, (_, at) => reactionChange(accountId, { target: `t${part * 100 + at}` })),
      );
    t.is(await waiting.count(), 201);
    const of = (target: string) =>
      reactions.changes(accountId, { holders: [{ conversation: bob, target, sender: bob }] });
    t.is((await of("t299")).length, 0);
    t.is((await of("t300")).length, 1);
  },
);

onEachEngine("what waits too long is forgotten, and what stands at a message is not", async (t, engine) => {
  const { messages, reactions, waiting, removals, confirmations, ...store } = await temporaryStore(t, engine);
  const accountId = await accountIn({ ...store, messages, reactions, waiting, removals, confirmations });
  const { id } = await messages.insert(message(accountId, "hi"));
  await reactions.put([
    reactionChange(accountId, { messageId: id, timestamp: new Date(0) }),
    reactionChange(accountId, { target: "later", timestamp: new Date(0) }),
  ]);
  const name = { conversation: bob, kind: "wire", value: "gone", givenBy: bob } as const;
  await removals.put(accountId, name, new Date(0));
  await confirmations.put(accountId, {
    conversation: bob,
    id: "c",
    own: false,
    groupchat: false,
    state: "delivered",
  });
  await waiting.forgetExpired();
  t.is(await waiting.count(), 3, "the sender's time says nothing of how long it has waited");
  const day = 86_400_000;
  await waiting.forgetExpired(new Date(Date.now() + 91 * day));
  t.is(await waiting.count(), 1);
  t.is((await removals.find(accountId, [name])).size, 1);
  await waiting.forgetExpired(new Date(Date.now() + 366 * day));
  t.is(await waiting.count(), 0);
  t.is((await reactions.changes(accountId, { messages: [id] })).length, 1);
});

onEachEngine(
  "of what one sender has taken back before it came, the latest 2,000 names stay",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const name = (value: string, givenBy = bob) => ({
      conversation: bob,
      kind: "wire" as const,
      value,
      givenBy,
    });
    await store.database.write(async () => {
      await store.removals.put(accountId, name("theirs", "carol@x"), new Date());
      for (let n = 0; n < 2010; n++) await store.removals.put(accountId, name(`m${n}`), new Date());
    });
    t.is(await store.waiting.count(), 2001);
    const found = await store.removals.find(accountId, [name("m9"), name("m10"), name("theirs", "carol@x")]);
    t.deepEqual([...found.keys()].sort(), [1, 2]);
  },
);

onEachEngine("other limits of what waits hold as they are set", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  const limits = { reactions: 3, confirmations: 2, removals: 4, days: 2 };
  const store = createStore(database, { waiting: limits });
  const accountId = await accountIn(store);
  for (let at = 0; at < 6; at++) {
    await store.reactions.put([reactionChange(accountId, { target: `t${at}` })]);
    const value = `m${at}`;
    await store.removals.put(accountId, { conversation: bob, kind: "wire", value, givenBy: bob }, new Date());
    const state = { own: false, groupchat: false, state: "delivered" } as const;
    await store.confirmations.put(accountId, { conversation: bob, id: value, ...state });
  }
  t.is(await store.waiting.count(), limits.reactions + limits.confirmations + limits.removals);
  const hour = 3_600_000;
  await store.waiting.forgetExpired(new Date(Date.now() + 47 * hour));
  t.is(await store.waiting.count(), 9);
  await store.waiting.forgetExpired(new Date(Date.now() + 49 * hour));
  t.is(await store.waiting.count(), limits.removals);
});
