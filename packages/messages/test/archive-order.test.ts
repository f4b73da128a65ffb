import { isDeepStrictEqual } from "node:util";
import { ArchiveSync } from "@larder/messages";
import test, { type ExecutionContext } from "ava";
import { placesFor } from "../dist/places.js";
import { FakeArchive, readerOf } from "./fake-archive.js";
import { alice, archived, chat, mine, origin, world } from "./support.js";

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);
const ascending = (places: readonly number[]) =>
  places.every((place, i) => i === 0 || place > (places[i - 1] ?? 0));

test("messages of one second stand in the archive's order, read forward or back, over the borders of pages", (t) => {
  const stamps = [1, 1, 1, 2, 2, 3, 3, 3].map((second) => ({ timestamp: at(second) }));
  const forward = placesFor(stamps.slice(0, 4), { after: undefined });
  t.true(ascending([...forward, ...placesFor(stamps.slice(4), { after: forward.at(-1) })]));
  const newest = placesFor(stamps.slice(4), { before: undefined });
  t.true(ascending([...placesFor(stamps.slice(0, 4), { before: newest[0] }), ...newest]));
});

test("an archive whose stamps run backwards keeps its own order", (t) => {
  const stamps = [5, 3, 4, 1].map((second) => ({ timestamp: at(second) }));
  t.true(ascending(placesFor(stamps, { after: undefined })));
  t.true(ascending(placesFor(stamps, { before: undefined })));
});

test("what stands right already is left where it is", (t) => {
  const first = placesFor([{ timestamp: at(1) }, { timestamp: at(1) }], { after: undefined });
  const again = first.map((position) => ({ timestamp: at(1), known: { timestamp: at(1), position } }));
  t.true(isDeepStrictEqual(placesFor(again, { after: undefined }), first));
  t.true(isDeepStrictEqual(placesFor(again, { before: undefined }), first));
});

test("live messages take the archive's time and order when it tells, and one that was missed stands between them", async (t) => {
  const w = await world(t);
  await w.take(chat("one", 'id="1"', archived("s1")));
  await w.take(chat("three", 'id="3"', archived("s3")));
  const stamp = new Date(Date.now() - (Date.now() % 1000)).toISOString();
  await w.takePage([
    ["s1", stamp, chat("one", 'id="1"')],
    ["s2", stamp, chat("two", 'id="2"')],
    ["s3", stamp, chat("three", 'id="3"')],
  ]);
  const history = await w.history();
  t.deepEqual(
    history.map(({ bodies }) => bodies[0]?.text),
    ["one", "two", "three"],
  );
  t.true(history.every(({ timestamp }) => timestamp.toISOString() === stamp));
});

test("a time in the future is now, and one of 1970 stays, each in the archive's place", async (t) => {
  const w = await world(t);
  const before = Date.now();
  await w.takePage([
    ["s1", "2026-01-01T00:00:00Z", chat("a", 'id="1"')],
    ["s2", "1970-01-01T00:00:00Z", chat("b", 'id="2"')],
    ["s3", "2999-01-01T00:00:00Z", chat("c", 'id="3"')],
  ]);
  const history = await w.history();
  t.deepEqual(
    history.map(({ bodies }) => bodies[0]?.text),
    ["a", "b", "c"],
  );
  t.is(history[1]?.timestamp.getTime(), 0);
  const last = history[2]?.timestamp.getTime() ?? 0;
  t.true(last >= before && last <= Date.now());
});

test("our message that the archive has is sent, though nobody acknowledged it, and the same in two places of the archive is one", async (t) => {
  const w = await world(t);
  await w.takePage([
    ["s1", "2026-01-01T00:00:00Z", mine("hello", "m1", origin("m1"))],
    ["s2", "2026-01-01T00:00:09Z", mine("hello", "m1", origin("m1"))],
  ]);
  t.is((await w.history()).length, 1);
  t.is((await w.store.messages.findByStanzaId(w.account.id, alice, "s2"))?.stanzaId, "s1");
  const again = await w.takePage([["s2", "2026-01-01T00:00:09Z", mine("hello", "m1", origin("m1"))]]);
  t.is(again.received, 0);
});

test("a message that the archive has twice stands where it has it first, though the later copy was read first", async (t) => {
  const w = await world(t);
  const copy = mine("again", "m1", origin("m1"));
  await w.takePage([["s9", "2026-01-01T00:00:09Z", copy]], { batch: { order: { before: undefined } } });
  const [before] = await w.history();
  const page = [
    ["s1", "2026-01-01T00:00:01Z", copy],
    ["s2", "2026-01-01T00:00:02Z", chat("between", 'id="2"')],
    ["s9", "2026-01-01T00:00:09Z", copy],
  ] as const;
  for (let time = 0; time < 2; time++) {
    await w.takePage(page);
    const history = await w.history();
    t.deepEqual(
      history.map(({ bodies, stanzaId }) => [bodies[0]?.text, stanzaId]),
      [
        ["again", "s1"],
        ["between", "s2"],
      ],
    );
    t.is(history[0]?.uid, before?.uid);
  }
  t.is((await w.store.messages.findByStanzaId(w.account.id, alice, "s9"))?.uid, before?.uid);
});

test("a later copy that a page read backwards begins with does not take the place of the first", async (t) => {
  const w = await world(t);
  const copy = mine("again", "m1", origin("m1"));
  await w.takePage([["s1", "2026-01-01T00:00:01Z", copy]]);
  await w.takePage(
    [
      ["s9", "2026-01-01T00:00:09Z", copy],
      ["s10", "2026-01-01T00:00:10Z", chat("after", 'id="2"')],
    ],
    { batch: { order: { before: undefined } } },
  );
  await w.takePage([["s5", "2026-01-01T00:00:05Z", chat("between", 'id="3"')]]);
  t.deepEqual(
    (await w.history()).map(({ bodies, stanzaId }) => [bodies[0]?.text, stanzaId]),
    [
      ["again", "s1"],
      ["between", "s5"],
      ["after", "s10"],
    ],
  );
});

test("a live message that a page of the archive has twice stands where it is first", async (t) => {
  const w = await world(t);
  await w.take(
    `<message xmlns="jabber:client" from="${alice}"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${mine("again", "m1", origin("m1"))}</forwarded></sent></message>`,
  );
  await w.takePage([
    ["s1", "2026-01-01T00:00:01Z", mine("again", "m1", origin("m1"))],
    ["s2", "2026-01-01T00:00:02Z", chat("between", 'id="2"')],
    ["s3", "2026-01-01T00:00:03Z", mine("again", "m1", origin("m1"))],
  ]);
  t.deepEqual(
    (await w.history()).map(({ bodies, stanzaId }) => [bodies[0]?.text, stanzaId]),
    [
      ["again", "s1"],
      ["between", "s2"],
    ],
  );
  t.truthy(await w.store.messages.findByStanzaId(w.account.id, alice, "s3"));
});

test("a copy that a server got again later does not take the place of the first, though both are of the second before they arrived", async (t) => {
  const w = await world(t);
  const second = Math.floor(Date.now() / 1000) * 1000;
  const stamp = new Date(second - 1000).toISOString();
  const sent = (id: string) =>
    `<message xmlns="jabber:client" from="${alice}"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${mine("again", "m1", `${origin("m1")}${archived(id)}`)}</forwarded></sent></message>`;
  await w.take(sent("s1"));
  await w.take(sent("s3"));
  await w.takePage([
    ["s1", stamp, mine("again", "m1", origin("m1"))],
    ["s2", stamp, chat("between", 'id="2"')],
    ["s3", stamp, mine("again", "m1", origin("m1"))],
  ]);
  t.deepEqual(
    (await w.history()).map(({ bodies, stanzaId }) => [bodies[0]?.text, stanzaId]),
    [
      ["again", "s1"],
      ["between", "s2"],
    ],
  );
});

/** An archive of small pages. A message that is said once more in it is sent once more, with its ids. */
async function pagesOf(t: ExecutionContext, largest: number) {
  const w = await world(t);
  const archive = new FakeArchive(largest);
  const sync = new ArchiveSync(w.store, w.intake, {
    envelopes: () => ({ account: alice, announcesStanzaIds: () => true }),
    days: 1e5,
  });
  const account = readerOf(archive, w.account.id);
  return {
    archive,
    say(...said: readonly (readonly [name: string, second: number])[]) {
      for (const [name, second] of said) {
        const id = `s${archive.entries.length}`;
        const message = chat(name, `id="${name}"`, origin(name));
        archive.entries.push({ id, stamp: at(second).toISOString(), message });
      }
    },
    read: () => sync.catchUp(account, alice),
    history: async () =>
      (await w.store.messages.history({ accountId: w.account.id, limit: 2000 })).messages.map(
        ({ bodies }) => bodies[0]?.text,
      ),
  };
}

test("a gap that begins after a second copy is filled where it is, also if its messages and what follows are of one second", async (t) => {
  for (const pages of [Number.POSITIVE_INFINITY, 3, 4]) {
    const { archive, say, read, history } = await pagesOf(t, 2);
    say(["a", 1]);
    await read();
    say(["b", 1], ["b", 1], ["c", 1], ["a", 1], ["d", 1], ["e", 1], ["f", 1], ["d", 1]);
    const heal = archive.cutAfter(pages);
    await (pages === Number.POSITIVE_INFINITY ? read() : t.throwsAsync(read(), { message: "cut" }));
    heal();
    t.true((await read()).complete);
    t.deepEqual(await history(), ["a", "b", "c", "d", "e", "f"], `cut after ${pages} pages`);
  }
});

test("what a gap of more messages than there is room for has moved on is followed by what comes next", async (t) => {
  const { say, read, history } = await pagesOf(t, 200);
  say(["a", 0.5]);
  await read();
  const names = Array.from({ length: 1500 }, (_, i) => `m${i}`);
  say(...names.map((name) => [name, 1.001] as const), ["a", 1.001]);
  await read();
  say(["b", 1.001]);
  await read();
  t.deepEqual(await history(), ["a", ...names, "b"]);
});

test("what comes after a second copy stands after what was read before it, though its stamp is older", async (t) => {
  const { say, read, history } = await pagesOf(t, 9);
  say(["a", 1], ["b", 9], ["a", 5]);
  await read();
  say(["c", 5]);
  await read();
  t.deepEqual(await history(), ["a", "b", "c"]);
});

test("a gap whose stamps are newer than what follows it is filled before that", async (t) => {
  const { say, read, history } = await pagesOf(t, 2);
  say(["a", 1]);
  await read();
  say(["b", 2], ["c", 2], ["d", 7], ["e", 8], ["f", 9], ["g", 9], ["h", 9], ["e", 3]);
  await read();
  t.deepEqual(await history(), ["a", "b", "c", "d", "e", "f", "g", "h"]);
});
