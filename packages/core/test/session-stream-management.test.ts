import { ConnectionError, NotConnectedError, StorageError, xml } from "@larder/core";
import test from "ava";
import { collect, gate, loggedIn, message, messageFrom, once } from "./session-helper.js";

test("the count given to the server is that of handlers that are done, not of arrivals", async (t) => {
  const { session, peer } = await loggedIn(t);
  const held = gate();
  session.onStanza(() => held.opened);
  peer.send(messageFrom("1"));
  peer.send(messageFrom("2", "carol@example.org"));
  t.is(await peer.clientCount(), 0);
  held.open();
  t.is(Number((await peer.receiveManagement("a")).attrs.h), 2, "told by itself once all are done");
});

test("a count is answered at once even while a handler hangs", async (t) => {
  const { session, peer } = await loggedIn(t);
  const held = gate();
  session.onStanza((stanza) => (stanza.attrs.id === "slow" ? held.opened : undefined));
  peer.send(messageFrom("slow"));
  peer.send(messageFrom("quick", "carol@example.org"));
  t.is(await peer.clientCount(), 0);
  held.open();
});

test("after a cut, both sides send again exactly what the other had not counted", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const seen = collect(session);
  peer.send(messageFrom("in 1"));
  await seen.until(1);
  await session.sendTracked(message("out 1"));
  await peer.receive();
  server.options.mute = true; // what is sent now is lost with the connection
  const tracked = session.sendTracked(message("out 2"));
  await session.send(message("out 3"));
  const back = once(session, "online");
  peer.session?.queue.push(messageFrom("in 2")); // and so is this
  peer.cut();
  server.options.mute = false;
  const next = await server.online();
  t.deepEqual(await back, { resumed: true });
  t.is((await next.receive()).attrs.id, "out 2");
  t.is((await next.receive()).attrs.id, "out 3");
  await tracked;
  await seen.until(2);
  t.deepEqual(seen.bodies(), ["in 1", "in 2"]);
  t.is(next.session?.handled, 3);
  t.like(session.stats, { sessions: 2, resumptions: 1 });
});

test("what is sent while the connection is away goes out in order after the resumption", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const away = once(session, "state", ({ state }) => state === "connecting");
  peer.cut();
  await away;
  const sent = ["1", "2", "3"].map((body) => session.send(message(body)));
  const next = await server.online();
  await Promise.all(sent);
  for (const body of ["1", "2", "3"]) t.is((await next.receive()).attrs.id, body);
});

test("a request survives a resumption, whichever side the cut hits", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const before = session.request(xml("iq", { type: "get", to: "example.org" }, xml("q", { xmlns: "urn:x" })));
  const asked = await peer.receive();
  const away = once(session, "state", ({ state }) => state === "connecting");
  peer.cut();
  await away;
  const during = session.request(xml("iq", { type: "get", to: "example.org" }, xml("q", { xmlns: "urn:y" })));
  const next = await server.online();
  next.answer(asked, "<q xmlns='urn:x'/>");
  next.answer(await next.receive((stanza) => stanza.getChild("q", "urn:y") !== undefined));
  t.truthy((await before).getChild("q", "urn:x"));
  await during;
});

test("a slow handler's stanza that the server sends again is not handled a second time", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const held = gate();
  const begun: (string | undefined)[] = [];
  session.onStanza(async (stanza) => {
    begun.push(stanza.attrs.id);
    if (stanza.attrs.id === "slow") await held.opened;
  });
  peer.send(messageFrom("slow"));
  peer.send(messageFrom("quick", "carol@example.org"));
  t.is(await peer.clientCount(), 0);
  const back = once(session, "online");
  peer.cut();
  const next = await server.online();
  await back;
  next.send(messageFrom("after", "carol@example.org"));
  held.open();
  while ((await next.clientCount()) < 3) await new Promise(setImmediate);
  t.deepEqual(begun, ["slow", "quick", "after"]);
  t.is(session.stats.duplicates, 2);
});

const diskFull = {
  "an error of core": () => new StorageError("disk full"),
  "an error of another package": () =>
    Object.assign(new Error("disk full"), { type: "storage", retryable: true }),
};
for (const [whose, failure] of Object.entries(diskFull)) {
  test(`a stanza that could not be stored comes again, with those behind it, in order: ${whose}`, async (t) => {
    const { server, session, peer } = await loggedIn(t);
    const handled: (string | undefined)[] = [];
    let broken = true;
    session.onStanza(async ({ attrs: { id } }) => {
      await Promise.resolve();
      if (broken && id === "2") {
        broken = false;
        throw failure();
      }
      handled.push(id);
    });
    const back = once(session, "online");
    for (const id of ["1", "2", "3", "4"]) peer.send(messageFrom(id));
    await peer.closed;
    t.notRegex(
      peer.transcript.join(""),
      /<\/stream:stream>/,
      "the stream is not closed, so it can be resumed",
    );
    const next = await server.online();
    t.deepEqual(await back, { resumed: true });
    while ((await next.clientCount()) < 4) await new Promise(setImmediate);
    t.deepEqual(handled, ["1", "2", "3", "4"]);
  });
}

test("a handler that ends after a resumption has its stanza told to the server on the new connection", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const held = gate();
  session.onStanza(() => held.opened);
  peer.send(messageFrom("slow"));
  t.is(await peer.clientCount(), 0);
  peer.cut();
  const next = await server.online();
  t.is(await next.clientCount(), 0);
  held.open();
  t.is((await next.receiveManagement("a")).attrs.h, "1");
});

test("a stanza that could not be stored after a resumption comes again all the same", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const held = gate();
  const begun = gate();
  let attempts = 0;
  session.onStanza(async () => {
    if (++attempts > 1) return;
    begun.open();
    await held.opened;
    throw new StorageError("disk full");
  });
  peer.send(messageFrom("1"));
  await begun.opened;
  const resumed = once(session, "online");
  peer.cut();
  const second = await server.online();
  await resumed;
  t.is(await second.clientCount(), 0, "its second copy was recognised");
  const again = once(session, "online");
  held.open();
  const third = await server.online();
  t.deepEqual(await again, { resumed: true });
  t.is(await third.clientCount(), 1);
  t.is(attempts, 2);
});

test("any other failure of a handler is logged, and the stanza counts as handled", async (t) => {
  const { session, peer, lines } = await loggedIn(t);
  session.onStanza(() => {
    throw new Error("no idea what this is");
  });
  peer.send(messageFrom("1"));
  t.is(await peer.clientCount(), 1);
  t.true(lines.some((line) => line.includes("no idea what this is")));
});

test("where the resumption fails, the server's last count decides what is lost", async (t) => {
  const { server, session, peer } = await loggedIn(t, { acknowledges: false, tellsFormerCount: true });
  const arrived = session.sendTracked(message("arrived"));
  await peer.receive();
  server.options.mute = true;
  const lost = session.sendTracked(message("lost"));
  const request = session.request(xml("iq", { type: "get" }, xml("q", { xmlns: "urn:x" })));
  const ends = [arrived, lost, request].map((promise) =>
    promise.then(
      () => "fine",
      (error: Error) => error.constructor,
    ),
  );
  const back = once(session, "online");
  server.expireSessions();
  peer.cut();
  server.options.mute = false;
  await server.online();
  t.deepEqual(await back, { resumed: false });
  t.deepEqual(await Promise.all(ends), ["fine", ConnectionError, ConnectionError]);
});

test("without the count, everything unacknowledged is reported", async (t) => {
  const { server, session, peer } = await loggedIn(t, { acknowledges: false });
  const arrived = session.sendTracked(message("arrived"));
  await peer.receive();
  server.expireSessions();
  peer.cut();
  await t.throwsAsync(arrived, { instanceOf: ConnectionError });
});

test("a server that acknowledges more than was sent is told so, and a new session follows", async (t) => {
  const { server, session, peer } = await loggedIn(t, { acknowledges: false });
  const lost = session.sendTracked(message("1"));
  lost.catch(() => {});
  await peer.receive();
  const back = once(session, "online");
  peer.acknowledge(7);
  const next = await server.online();
  t.deepEqual(await back, { resumed: false });
  t.regex(
    peer.transcript.join(""),
    /undefined-condition.*<handled-count-too-high [^>]*h="7"[^>]*send-count="1"/s,
  );
  await t.throwsAsync(lost, { instanceOf: ConnectionError });
  t.not(next.session?.id, peer.session?.id);
});

test("a resumption that acknowledges more than was sent ends in a new session too", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  if (peer.session) peer.session.handled = 99;
  const back = once(session, "online");
  peer.cut();
  t.deepEqual(await back, { resumed: false });
  await server.online();
});

test("sends are acknowledged in one question for many", async (t) => {
  const { session, peer } = await loggedIn(t);
  await Promise.all(Array.from({ length: 50 }, (_, index) => session.sendTracked(message(`${index}`))));
  t.is(peer.transcript.join("").match(/<r /g)?.length, 1);
});

test("a link without any answer is cut and resumed", async (t) => {
  const { server, session, peer } = await loggedIn(t, {}, { timeouts: { idleMs: 30, deadMs: 30 } });
  const back = once(session, "online");
  server.options.onElement = (at) => at === peer; // the link is dead, not the server
  const next = await server.online();
  t.deepEqual(await back, { resumed: true });
  t.not(next, peer);
  t.regex(peer.transcript.join(""), /<r /);
});

test("without stream management, silence is met with a ping, and a dead link noticed as well", async (t) => {
  const { server, session, peer } = await loggedIn(
    t,
    { streamManagement: "none" },
    { timeouts: { idleMs: 30, deadMs: 30 } },
  );
  const ping = await peer.receive();
  t.truthy(ping.getChild("ping", "urn:xmpp:ping"));
  const back = once(session, "online");
  await server.online();
  t.deepEqual(await back, { resumed: false });
});

test("without stream management, a send is confirmed when it is written, and refused while away", async (t) => {
  const { session, peer } = await loggedIn(t, { streamManagement: "none" });
  await session.sendTracked(message("1"));
  await peer.receive();
  const away = once(session, "state", ({ state }) => state === "connecting");
  peer.cut();
  await away;
  await t.throwsAsync(session.send(message("2")), { instanceOf: NotConnectedError });
});

test("where the server does not let a session be resumed, a new one begins", async (t) => {
  const { server, session, peer } = await loggedIn(t, { streamManagement: "ack" });
  const back = once(session, "online");
  await session.sendTracked(message("1"));
  peer.cut();
  await server.online();
  t.deepEqual(await back, { resumed: false });
});

test("online is told after <enable/>, so that what is sent from there is counted", async (t) => {
  const { server, session } = await loggedIn(t);
  await session.disconnect();
  let tracked: Promise<void> | undefined;
  session.on("online", () => {
    tracked = session.sendTracked(message("first"));
  });
  const [peer] = await Promise.all([server.online(), session.connect()]);
  await tracked;
  t.regex(peer.transcript.join(""), /<enable .*<message /s);
  t.is(peer.session?.handled, 1);
});

test("stanzas before <enabled/> are handled and not counted, those behind it are counted", async (t) => {
  const { server, session } = await loggedIn(t);
  await session.disconnect();
  const seen = collect(session);
  server.options.onElement = (peer, element) => {
    if (element.is("enable", "urn:xmpp:sm:3")) peer.write(messageFrom("before"));
    return false;
  };
  const [peer] = await Promise.all([server.online(), session.connect()]);
  peer.send(messageFrom("after"));
  await seen.until(2);
  t.deepEqual(seen.bodies(), ["before", "after"]);
  t.is(await peer.clientCount(), 1);
});

test("a count asked for in one piece with <enabled/> leaves out what came before it", async (t) => {
  const { server, session } = await loggedIn(t);
  await session.disconnect();
  const counted = gate();
  server.options.onElement = (peer, element) => {
    if (!element.is("enable", "urn:xmpp:sm:3")) return false;
    const enabled = "<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/>";
    peer.write(`${messageFrom("1")}${enabled}${messageFrom("2")}<r xmlns='urn:xmpp:sm:3'/>`);
    peer.receiveManagement("a").then((a) => {
      t.is(a.attrs.h, "1", "the library says 2");
      counted.open();
    });
    return true;
  };
  await session.connect();
  await counted.opened;
});

test("a session forgets what it sent once it is acknowledged, and stops queueing at its limit", async (t) => {
  const { session, server } = await loggedIn(t, { acknowledges: false }, { limits: { queuedStanzas: 3 } });
  for (const body of ["1", "2", "3"]) await session.send(message(body));
  await t.throwsAsync(session.send(message("4")), { instanceOf: NotConnectedError });
  t.is(server.peers.length, 1);
});
