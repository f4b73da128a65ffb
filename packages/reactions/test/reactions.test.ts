import { NotAcceptableError, NotConnectedError } from "@larder/core";
import test from "ava";
import {
  alice,
  bob,
  emojisOf,
  inRoom,
  occupant,
  ofRoom,
  refusalOf,
  room,
  sentCarbon,
  stanza,
  stanzaId,
  world,
} from "./support.js";

test("reactions to a message that is not stored wait for it, and are told with it", async (t) => {
  const w = await world(t);
  t.true(await w.take(stanza("👍")));
  t.deepEqual(await w.told(), []);
  const message = await w.message();
  await w.reactions.intake.adopt(w.account, [message], { origin: "live", fresh: new Set([message.id]) });
  t.deepEqual(await w.sets(message), { [bob]: ["👍"] });
  t.deepEqual(await w.told(), []);
});

test("what waited for the id of a correction joins what stands at the first version, and is told", async (t) => {
  const w = await world(t);
  const message = await w.message();
  await w.take(stanza("👍"));
  await w.take(stanza("🎉", { target: "m2" }));
  t.deepEqual(await w.sets(message), { [bob]: ["👍"] });
  const alias = { messageId: message.id, accountId: w.account.id, conversation: bob, givenBy: bob };
  await w.store.aliases.add({ ...alias, kind: "wire", value: "m2", correction: true });
  await w.reactions.intake.adopt(w.account, [message], { origin: "live" });
  t.deepEqual(await w.sets(message), { [bob]: ["🎉"] });
  t.like((await w.told()).at(-1), {
    uid: message.uid,
    difference: { sender: { id: bob, jid: bob, self: false }, added: ["🎉"], removed: ["👍"] },
  });
});

test("a nick that came after the message does not react to it, also where the message came later here", async (t) => {
  const w = await world(t);
  w.situation.occupantIds = false;
  w.situation.presentSince.set(`${room}/bo`, new Date(5_000)).set(`${room}/late`, new Date(20_000));
  await w.take(inRoom("bo", "👍"));
  await w.take(inRoom("late", "🎉"));
  const message = await w.message(ofRoom("x", { timestamp: new Date(10_000) }));
  await w.reactions.intake.adopt(w.account, [message]);
  t.deepEqual(await w.sets(message), { [`${room}/bo`]: ["👍"] });
});

test("the same set again, or in another order or spelling, is not told", async (t) => {
  const w = await world(t);
  await w.message();
  await w.take(stanza(["👍", "❤️"]));
  await w.take(stanza(["\u2764", "👍"]));
  t.is((await w.told()).length, 1);
});

test("taken away and set again is there again, in either order of arrival", async (t) => {
  const w = await world(t);
  const message = await w.message();
  for (const emojis of ["👍", "", "👍"]) await w.take(stanza(emojis));
  t.deepEqual(await w.sets(message), { [bob]: ["👍"] });
  const page = [
    ["1", "2026-01-01T00:00:01Z", stanza("👍", { target: "n", id: "1" })],
    ["2", "2026-01-01T00:00:01Z", stanza("", { target: "n", id: "2" })],
    ["3", "2026-01-01T00:00:01Z", stanza("🎉", { target: "n", id: "3" })],
  ] as const;
  const other = await w.message({ wireId: "n" });
  await w.takePage(page);
  t.deepEqual(await w.sets(other), { [bob]: ["🎉"] });
});

test("a set emptied on another device of ours, or by a gateway in our name, is empty here", async (t) => {
  const w = await world(t);
  const message = await w.message();
  await w.reactions.set(w.account, message.id, ["👍", "🎉"], "add");
  await w.take(sentCarbon(stanza("🎉", { from: `${alice}/web`, to: bob })));
  t.deepEqual(await w.sets(message), { [alice]: ["🎉"] });
  await w.take(sentCarbon(stanza("", { from: alice, to: bob })));
  t.deepEqual(await w.sets(message), {});
  t.like((await w.told()).at(-1), { difference: { sender: { self: true }, added: [], removed: ["🎉"] } });
});

test("a stanza that came live, by carbon and from the archive is one change, at the archive's place", async (t) => {
  const w = await world(t);
  const message = await w.message();
  const one = stanza("👍", { id: "x1", extra: stanzaId("a1", alice) });
  await w.take(one);
  await w.take(one);
  await w.take(stanza("👍", { id: "x1" }));
  await w.takePage([["a1", "2026-01-01T00:00:00Z", stanza("👍", { id: "x1" })]]);
  const log = await w.reactions.log(w.account.id, message.id);
  t.is(log.length, 1);
  t.deepEqual(log[0]?.timestamp, new Date("2026-01-01T00:00:00Z"));
});

test("what comes now is newer than all before, whatever the clock of the archive says", async (t) => {
  const w = await world(t);
  const message = await w.message();
  await w.takePage([["a1", new Date(Date.now() - 1000).toISOString(), stanza("👍", { id: "1" })]]);
  await w.take(stanza("🎉", { id: "2", extra: stanzaId("a2", alice) }));
  t.deepEqual(await w.sets(message), { [bob]: ["🎉"] });
});

test("our own in a room is counted once, also when the room sends it back", async (t) => {
  const w = await world(t);
  const message = await w.message(ofRoom("bo"));
  await w.reactions.set(w.account, message.id, ["👍"], "add");
  const reflected = inRoom("alice", "👍", {
    id: w.sent[0]?.attrs.id,
    extra: occupant("occ-alice") + stanzaId("r9", room),
  });
  await w.take(reflected);
  await w.takePage([["r9", "2026-01-01T00:00:00Z", reflected]], { archive: room });
  const [summary] = await w.reactions.summary(w.account.id, message.id);
  t.deepEqual(summary, {
    emoji: "👍",
    count: 1,
    senders: [{ id: "occ-alice", jid: alice, self: true }],
    mine: true,
  });
  t.is((await w.told()).length, 1);
});

test("a retraction takes the reactions away, and none comes back", async (t) => {
  const w = await world(t);
  const message = await w.message();
  await w.take(stanza("👍"));
  await w.store.messages.retract(message.id, new Date());
  t.deepEqual(await w.reactions.log(w.account.id, message.id), []);
  await w.take(stanza("🎉"));
  t.deepEqual(await w.reactions.log(w.account.id, message.id), []);
  await t.throwsAsync(w.reactions.set(w.account, message.id, ["👍"], "add"), {
    instanceOf: NotAcceptableError,
  });
});

test("where both have used the same id, the message that was stored first has the reactions", async (t) => {
  const w = await world(t);
  const first = await w.message();
  const second = await w.message({ direction: "out", sender: alice, from: alice, to: bob });
  await w.take(stanza("👍"));
  t.deepEqual([await w.sets(first), await w.sets(second)], [{ [bob]: ["👍"] }, {}]);
});

test("reactions to what has too long an id are taken, and nothing is kept", async (t) => {
  const w = await world(t);
  t.true(await w.take(stanza("👍", { target: "x".repeat(801) })));
  t.is(await w.store.waiting.count(), 0);
});

test("what its sender wants stored nowhere is not", async (t) => {
  const w = await world(t);
  const message = await w.message();
  t.false(await w.take(stanza("👍", { extra: '<no-store xmlns="urn:xmpp:hints"/>' })));
  t.deepEqual(await w.sets(message), {});
});

test("of endless changes the last two hundred are kept, and since when an emoji is held is not forgotten", async (t) => {
  const w = await world(t);
  const message = await w.message();
  await w.take(stanza("👍", { id: "first" }));
  const [before] = await w.store.reactions.standing([message.id]);
  for (let n = 0; n < 230; n++) await w.take(stanza(n % 2 === 0 ? "👍🎉" : "👍", { id: `n${n}` }));
  const changes = await w.store.reactions.changes(w.account.id, { messages: [message.id] });
  t.true(changes.length <= 200);
  t.deepEqual((await w.store.reactions.standing([message.id]))[0]?.since, [before?.position]);
});

test("what changes nothing is not sent", async (t) => {
  const w = await world(t);
  const { id } = await w.message();
  await w.reactions.set(w.account, id, ["👍"], "remove");
  await w.reactions.set(w.account, id, [], "replace");
  t.deepEqual(w.sent, []);
  t.deepEqual(await w.told(), []);
});

test("offline, or out of the room, nothing changes", async (t) => {
  const w = await world(t);
  const { id } = await w.message();
  const inTheRoom = await w.message(ofRoom("bo"));
  w.situation.joined = false;
  await t.throwsAsync(w.reactions.set(w.account, inTheRoom.id, ["👍"], "add"), {
    instanceOf: NotConnectedError,
  });
  w.situation.connected = false;
  await t.throwsAsync(w.reactions.set(w.account, id, ["👍"], "add"), { instanceOf: NotConnectedError });
  t.deepEqual(await w.told(), []);
});

test("twenty toggles at once end in the right set, in one order of stanzas", async (t) => {
  const w = await world(t);
  const message = await w.message();
  const emojis = ["👍", "🎉", "😂"];
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      w.reactions.set(w.account, message.id, [emojis[n % 3] ?? "👍"], "toggle"),
    ),
  );
  // 👍 and 🎉 were toggled seven times, 😂 six times.
  t.deepEqual((await w.sets(message))[alice]?.toSorted(), ["👍", "🎉"].toSorted());
  const sizes = w.sent.map((each) => emojisOf(each)?.length ?? 0);
  t.is(sizes.length, 20);
  for (const [at, size] of sizes.entries()) t.is(Math.abs(size - (sizes[at - 1] ?? 0)), 1);
  t.deepEqual(emojisOf(w.sent.at(-1)), (await w.sets(message))[alice]);
});

test("a call that has to wait for what the other side allows is not overtaken by the next", async (t) => {
  const w = await world(t);
  const message = await w.message();
  let asked = 0;
  const account = {
    ...w.account,
    restrictions: async () => {
      for (let turn = asked++ === 0 ? 20 : 0; turn > 0; turn--) await new Promise(setImmediate);
      return undefined;
    },
  };
  await Promise.all(["👍", "🎉"].map((emoji) => w.reactions.set(account, message.id, [emoji], "replace")));
  t.deepEqual(w.sent.map(emojisOf), [["👍"], ["🎉"]]);
  t.deepEqual(await w.sets(message), { [alice]: ["🎉"] });
});

test("what no server has confirmed goes out again with the next session, the last set alone and under its id", async (t) => {
  const w = await world(t);
  const message = await w.message();
  w.situation.acknowledge = () => Promise.reject(new NotConnectedError(alice));
  await w.reactions.set(w.account, message.id, ["👍"], "add");
  await w.reactions.set(w.account, message.id, ["🎉"], "add");
  await new Promise(setImmediate);
  t.deepEqual((await w.sets(message))[alice], ["👍", "🎉"]);
  const lost = w.sent.splice(0);
  w.situation.acknowledge = async () => {};
  await w.reactions.flush(w.account);
  t.deepEqual(
    w.sent.map((each) => each.toString()),
    [lost[1]?.toString()],
  );
  while ((await w.store.reactions.changes(w.account.id, { pending: true })).length > 0)
    await new Promise(setImmediate);
  await w.reactions.flush(w.account);
  t.is(w.sent.length, 1);
});

test("what is on its way is not sent twice", async (t) => {
  const w = await world(t);
  const { id } = await w.message();
  let acknowledge = () => {};
  w.situation.acknowledge = () =>
    new Promise((resolve) => {
      acknowledge = resolve;
    });
  await w.reactions.set(w.account, id, ["👍"], "add");
  await w.reactions.flush(w.account);
  t.is(w.sent.length, 1);
  acknowledge();
});

test("one that was lost in a crash and is in the archive does not go out again", async (t) => {
  const w = await world(t);
  const { id } = await w.message();
  w.situation.acknowledge = () => Promise.reject(new NotConnectedError(alice));
  await w.reactions.set(w.account, id, ["👍"], "add");
  await new Promise(setImmediate);
  const [lost] = w.sent.splice(0);
  await w.takePage([
    ["a1", new Date().toISOString(), stanza("👍", { from: `${alice}/x`, to: bob, id: lost?.attrs.id })],
  ]);
  await w.reactions.flush(w.account);
  t.deepEqual(w.sent, []);
  t.is((await w.reactions.log(w.account.id, id)).length, 1);
});

test("of two quick changes, both refused, neither stands, in whatever order the refusals come", async (t) => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const w = await world(t);
    const message = await w.message();
    await w.reactions.set(w.account, message.id, ["👍"], "add");
    await w.reactions.set(w.account, message.id, ["🎉"], "add");
    for (const index of order) t.true(await w.take(refusalOf(w.sent[index])));
    t.deepEqual(await w.sets(message), {});
  }
});

test("where only the first of two changes is refused, the second stands", async (t) => {
  const w = await world(t);
  const message = await w.message();
  await w.reactions.set(w.account, message.id, ["👍"], "replace");
  await w.reactions.set(w.account, message.id, ["🎉"], "replace");
  await w.take(refusalOf(w.sent[0]));
  t.deepEqual(await w.sets(message), { [alice]: ["🎉"] });
  const [refused, stands] = await w.reactions.log(w.account.id, message.id);
  t.like(refused, { reactions: ["👍"], added: ["👍"], removed: [], refused: true });
  t.like(
    stands,
    { reactions: ["🎉"], added: ["🎉"], removed: [] },
    "it follows what stood before the refused one",
  );
});

test("a refusal by anybody else changes nothing, and neither does one of a set that another device has replaced", async (t) => {
  const w = await world(t);
  const message = await w.message();
  await w.reactions.set(w.account, message.id, ["👍"], "add");
  t.false(await w.take(refusalOf(w.sent[0], "mallory@evil.test")));
  await w.take(sentCarbon(stanza("🎉", { from: `${alice}/web`, to: bob })));
  await w.take(refusalOf(w.sent[0]));
  t.deepEqual(await w.sets(message), { [alice]: ["🎉"] });
});

test("a room refuses by its own address", async (t) => {
  const w = await world(t);
  const message = await w.message(ofRoom("bo"));
  await w.reactions.set(w.account, message.id, ["👍"], "add");
  t.true(await w.take(refusalOf(w.sent[0], room, "not-allowed")));
  t.deepEqual(await w.sets(message), {});
});

test("what the session cannot send at all is taken back", async (t) => {
  const w = await world(t);
  const message = await w.message();
  w.situation.acknowledge = () => Promise.reject(new NotAcceptableError("too large"));
  await w.reactions.set(w.account, message.id, ["👍"], "add");
  while (Object.keys(await w.sets(message)).length > 0) await new Promise(setImmediate);
  t.like((await w.told()).at(-1), { error: { type: "not_acceptable" } });
});

test("the log tells who set what and when, and what was refused", async (t) => {
  const w = await world(t);
  const { id } = await w.message();
  await w.take(stanza("👍", { delay: "2026-01-01T00:00:00Z" }));
  await w.take(stanza("👍🎉", { delay: "2026-01-02T00:00:00Z" }));
  await w.take(stanza("🎉", { delay: "2026-01-03T00:00:00Z" }));
  t.deepEqual(
    (await w.reactions.log(w.account.id, id)).map(({ sender, added, removed, timestamp }) => [
      sender.id,
      added,
      removed,
      timestamp.getUTCDate(),
    ]),
    [
      [bob, ["👍"], [], 1],
      [bob, ["🎉"], [], 2],
      [bob, [], ["👍"], 3],
    ],
  );
});
