import test from "ava";
import {
  alice,
  archived,
  chat,
  groupchat,
  occ,
  origin,
  replace,
  retract,
  room,
  type World,
  world,
} from "./support.js";

const SECRET = "what was said first";

/** A stanza as the archive gives it, or as it comes live. */
interface Copy {
  readonly id: string;
  readonly stanza: string;
}

type Stanza = (body: string, id: string, extra: string) => string;

interface Scene {
  readonly archive: string;
  readonly stanza: Stanza;
  /** A retraction names the message by the id that the room gave to its first copy. */
  readonly byArchiveId?: boolean;
}

const self: Stanza = (body, id, extra) =>
  `<message xmlns="jabber:client" from="${alice}/x" to="${alice}" type="chat" id="${id}">${body && `<body>${body}</body>`}${extra}</message>`;

const scenes: Readonly<Record<string, Scene>> = {
  "in a conversation": { archive: alice, stanza: (body, id, extra) => chat(body, `id="${id}"`, extra) },
  "to oneself": { archive: alice, stanza: self },
  "in a room": {
    archive: room,
    stanza: (body, id, extra) => groupchat("bob", body, id, extra + occ("occ-bob")),
    byArchiveId: true,
  },
};

/** A first version with both ids that the archive has given it, and what changes it. All of a run have names of their own. */
function copiesOf({ archive, stanza, byArchiveId }: Scene, change: string, withOrigin: boolean, run: number) {
  const named = (id: string) => `${id}-${run}`;
  const copy = (id: string): Copy => ({
    id: named(id),
    stanza: stanza(
      SECRET,
      named("w1"),
      (withOrigin ? origin(named("w1")) : "") + archived(named(id), archive),
    ),
  });
  const [body, extra] =
    change === "correction"
      ? ["better", replace(named("w1")) + origin(named("w2"))]
      : ["", retract(named(byArchiveId ? "s1" : "w1"))];
  return {
    one: copy("s1"),
    two: copy("s2"),
    changed: { id: named("s3"), stanza: stanza(body, named("w2"), extra + archived(named("s3"), archive)) },
  };
}

function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

const now = () => new Date().toISOString();

async function takeEach(w: World, archive: string, copies: readonly Copy[], live: boolean): Promise<void> {
  for (const { id, stanza } of copies) {
    if (live) await w.take(stanza);
    else await w.takePage([[id, now(), stanza]], { archive });
  }
}

for (const [where, scene] of Object.entries(scenes))
  for (const change of ["correction", "retraction"] as const)
    for (const key of ["with", "without"] as const)
      test(`${where}, a ${change} lasts in every order of it and two copies, ${key} a key for digests`, async (t) => {
        const w = await world(t, key === "with" ? {} : { digestKey: null });
        const { archive } = scene;
        let run = 0;
        for (const withOrigin of [true, false])
          for (const live of [true, false])
            for (const order of orders(["one", "two", "changed"] as const)) {
              // Two ids of an archive without an origin-id are one message only where servers archive twice by rule.
              const apart = !withOrigin && where !== "to oneself";
              const laterFirst = scene.byArchiveId && order.indexOf("two") < order.indexOf("one");
              if (apart && (order[2] === "changed" || laterFirst)) continue;
              const copies = copiesOf(scene, change, withOrigin, run++);
              await takeEach(
                w,
                archive,
                order.map((name) => copies[name]),
                live,
              );
              await takeEach(w, archive, [copies.one, copies.two], false);
              const history = await w.history();
              t.is(history.length, run, `${order.join(", ")}; live: ${live}; origin-id: ${withOrigin}`);
              for (const { bodies, retracted } of history)
                t.is(bodies[0]?.text ?? Boolean(retracted), change === "correction" ? "better" : true);
            }
        const { messages } = await w.store.messages.history({
          accountId: w.account.id,
          limit: 9,
          search: `"${SECRET}"`,
        });
        t.deepEqual(messages, []);
      });

test("a message that was changed before there were digests takes its copies by ids, sender and time", async (t) => {
  const old = await world(t, { digestKey: null });
  await old.takePage([["s1", now(), chat(SECRET, 'id="w1"', origin("w1"))]]);
  await old.take(chat("", 'id="w2"', retract("w1")));
  await old.takePage([["s4", now(), chat("another", 'id="w4"', origin("w4"))]]);
  const before = await old.history();
  const w = old.withKey();
  await w.takePage([["s2", now(), chat(SECRET, 'id="w1"', origin("w1"))]]);
  await w.take(chat("changed", 'id="w5"', replace("w4")));
  await w.takePage([["s5", now(), chat("another", 'id="w4"', origin("w4"))]]);
  const history = await w.history();
  t.is(history.length, 2);
  t.truthy(history[0]?.retracted);
  t.is(before[1]?.digest, undefined);
  t.truthy(history[1]?.digest, "what it said before it was changed was still known");
});

test("under another key, as after a restoration elsewhere, no copy brings text back either", async (t) => {
  const before = await world(t);
  await before.takePage([
    ["s1", now(), chat(SECRET, 'id="w1"', origin("w1"))],
    ["s2", now(), chat("lasting", 'id="w2"', origin("w2"))],
  ]);
  await before.take(chat("", 'id="w3"', retract("w1")));
  const w = before.withKey(Buffer.alloc(32, "another"));
  await w.takePage([
    ["s4", now(), chat(SECRET, 'id="w1"', origin("w1"))],
    ["s5", now(), chat("lasting", 'id="w2"', origin("w2"))],
  ]);
  t.deepEqual(
    (await w.history()).map(({ bodies }) => bodies[0]?.text),
    [undefined, "lasting"],
  );
});

test("the same origin-id with other words is another message, whatever became of the first", async (t) => {
  const w = await world(t);
  await w.takePage([["s1", now(), chat("one", 'id="1"', origin("1"))]]);
  await w.take(chat("", 'id="2"', retract("1")));
  await w.takePage([["s2", now(), chat("two", 'id="1"', origin("1"))]]);
  t.deepEqual(
    (await w.history()).map(({ bodies }) => bodies[0]?.text),
    [undefined, "two"],
  );
});

test("a tombstone in an archive takes the text of the other copy too", async (t) => {
  const tombstone = self("", "w1", '<retracted xmlns="urn:xmpp:message-retract:1" id="s1"/>');
  for (const order of orders([
    ["s1", now(), tombstone],
    ["s2", now(), self(SECRET, "w1", "")],
  ] as const)) {
    const w = await world(t);
    await w.takePage(order);
    const history = await w.history();
    t.deepEqual(
      history.map(({ bodies, retracted }) => [bodies.length, Boolean(retracted)]),
      [[0, true]],
    );
  }
});

test("two ids of an archive that mean one message, live and in its archive, are settled without an error", async (t) => {
  const w = await world(t);
  w.room.occupantIds = false;
  const since = new Date(Date.now() - 60_000);
  w.room.presentSince.set(`${room}/bob`, since);
  await w.take(groupchat("bob", "first", "c1", archived("s1", room)));
  await w.take(groupchat("bob", "second", "c2", replace("c1") + archived("s2", room)));
  w.room.presentSince.clear(); // another session: nobody can tell any more who bob was
  const page = [
    ["s1", now(), groupchat("bob", "first", "c1")],
    ["s2", now(), groupchat("bob", "second", "c2", replace("c1"))],
  ] as const;
  await w.takePage(page, { archive: room });
  await w.takePage(page, { archive: room });
  t.deepEqual(
    (await w.history()).map(({ bodies }) => bodies[0]?.text),
    ["second"],
  );
});

for (const [whose, nick] of [
  ["ours", "alice"],
  ["another's", "bob"],
] as const)
  test(`a correction of ${whose} that came without the archive's id is none again in the archive of a room without occupant ids`, async (t) => {
    const w = await world(t);
    w.room.occupantIds = false;
    w.room.own = { nick: "alice" };
    w.room.presentSince.set(`${room}/${nick}`, new Date(Date.now() - 60_000));
    await w.take(groupchat(nick, "first", "c1", archived("s1", room)));
    await w.take(groupchat(nick, "second", "c2", replace("c1") + origin("c2")));
    w.room.presentSince.clear(); // another session: nobody can tell any more who that was
    if (nick === "alice") w.room.own = { nick: "alice the second" };
    const page = [
      ["s1", now(), groupchat(nick, "first", "c1")],
      ["s2", now(), groupchat(nick, "second", "c2", replace("c1") + origin("c2"))],
    ] as const;
    for (let reading = 0; reading < 2; reading++) await w.takePage(page, { archive: room });
    t.deepEqual(
      (await w.history()).map(({ bodies }) => bodies[0]?.text),
      ["second"],
    );
  });

test("an archive that gives one id to different messages gets one message of it", async (t) => {
  const w = await world(t);
  await w.takePage([
    ["s1", now(), chat("one", 'id="w1"')],
    ["s1", now(), chat("two", 'id="w2"')],
  ]);
  await w.takePage([["s1", now(), chat("three", 'id="w3"')]]);
  t.deepEqual(
    (await w.history()).map(({ bodies }) => bodies[0]?.text),
    ["one"],
  );
});
