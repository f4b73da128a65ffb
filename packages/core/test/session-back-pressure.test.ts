import { xml } from "@larder/core";
import test from "ava";
import { gate, loggedIn, messageFrom, once } from "./session-helper.js";

const LIMIT = 50;
/** More than the network's buffers hold. */
const FLOOD = 60_000;
/** Number of stanzas that one piece from the network, already read, may bring beyond the limit. */
const PIECE = 2 * 65_536;

const flood = (count: number, first = 0) =>
  Array.from({ length: count }, (_, at) => messageFrom(`m${first + at}`)).join("");

test("a flood waits in the network while handlers are at work, and all of it is handled in order", async (t) => {
  const { session, peer } = await loggedIn(t, {}, { limits: { unfinishedStanzas: LIMIT } });
  let handled = 0;
  let most = 0;
  const inOrder: boolean[] = [];
  const done = gate();
  session.onStanza(async (stanza) => {
    most = Math.max(most, session.stats.received - handled);
    await new Promise(setImmediate);
    inOrder.push(stanza.attrs.id === `m${handled}`);
    if (++handled === FLOOD) done.open();
  });
  peer.write(flood(FLOOD));
  await done.opened;
  t.true(inOrder.every(Boolean));
  t.true(session.stats.pauses > 0);
  t.true(most < LIMIT + PIECE / messageFrom("m1").length, `${most} were unfinished at once`);
});

test("a handler that asks the server something has its answer though reading had stopped", async (t) => {
  const { session, peer } = await loggedIn(t, {}, { limits: { unfinishedStanzas: LIMIT } });
  const start = gate();
  const answered = gate();
  session.onStanza(async (stanza) => {
    if (stanza.attrs.id !== "m0") return;
    await start.opened;
    await session.request(xml("iq", { type: "get" }, xml("q", { xmlns: "urn:x" })));
    answered.open();
  });
  peer.write(flood(LIMIT + 1));
  while (session.stats.pauses === 0) await new Promise(setImmediate);
  start.open();
  const iq = await peer.receive();
  peer.write(flood(LIMIT, LIMIT + 1)); // arrives before the answer
  peer.answer(iq);
  await answered.opened;
  t.is(session.stats.received, 2 * LIMIT + 1 + 1);
});

test("a link whose stanzas wait to be handled does not count as dead", async (t) => {
  const { session, peer } = await loggedIn(
    t,
    {},
    { limits: { unfinishedStanzas: LIMIT }, timeouts: { idleMs: 20, deadMs: 20 } },
  );
  const start = gate();
  let handled = 0;
  const all = gate();
  session.onStanza(async () => {
    await start.opened;
    if (++handled === LIMIT + 2) all.open();
  });
  peer.write(flood(LIMIT + 1));
  await new Promise((resolve) => setTimeout(resolve, 200)); // five times the silence that ends a link
  start.open();
  peer.send(messageFrom("last"));
  await all.opened;
  t.is(session.stats.sessions, 1);
});

test("a lost connection with a full hand goes on with the next one", async (t) => {
  const { server, session, peer } = await loggedIn(t, {}, { limits: { unfinishedStanzas: LIMIT } });
  const start = gate();
  const bodies: (string | undefined)[] = [];
  const all = gate();
  session.onStanza(async (stanza) => {
    await start.opened;
    bodies.push(stanza.attrs.id);
    if (stanza.attrs.id === "last") all.open();
  });
  for (let n = 0; n < LIMIT + 1; n++) peer.send(messageFrom(`m${n}`));
  while (session.stats.pauses === 0) await new Promise(setImmediate);
  const back = once(session, "online");
  peer.cut();
  const next = await server.online();
  await back;
  start.open();
  next.send(messageFrom("last"));
  await all.opened;
  t.is(new Set(bodies).size, LIMIT + 2);
  t.is(bodies.length, LIMIT + 2);
});
