import {
  ConnectionError,
  InvalidParamsError,
  NotAcceptableError,
  NotConnectedError,
  NotFoundError,
  RequestTimeoutError,
  StanzaError,
  xml,
} from "@larder/core";
import test from "ava";
import { collect, gate, loggedIn, message, messageFrom, once } from "./session-helper.js";

const ask = (to?: string) => xml("iq", { type: "get", to }, xml("q", { xmlns: "urn:x" }));

test("an answer with the right id from somebody else is dropped, and the true one taken after it", async (t) => {
  const { session, peer, lines } = await loggedIn(t);
  const answer = session.request(ask("pubsub.example.org"));
  const iq = await peer.receive();
  const told = once(session, "forged");
  peer.answer(iq, "<forged xmlns='urn:x'/>", { from: "mallory@example.org/r" });
  peer.send(`<iq type='error' id='${iq.attrs.id}' from='example.org'><error type='cancel'/></iq>`);
  peer.send(`<iq type='result' id='${iq.attrs.id}'/>`);
  peer.answer(iq, "<true xmlns='urn:x'/>");
  t.truthy((await answer).getChild("true"));
  t.like(await told, { id: iq.attrs.id, from: "mallory@example.org/r", expected: "pubsub.example.org" });
  t.is(session.stats.forged, 3);
  t.true(lines.some((line) => line.includes("mallory")));
  t.is(await peer.clientCount(), 4, "forged ones are handled too");
});

test("ids are random and never the caller's", async (t) => {
  const { session, peer } = await loggedIn(t);
  const stanza = ask();
  stanza.attrs.id = "guessable";
  const answer = session.request(stanza);
  const iq = await peer.receive();
  t.regex(iq.attrs.id ?? "", /^[0-9a-f-]{36}$/);
  peer.answer(iq);
  t.is((await answer).parent, null);
});

test("an error comes as a StanzaError, and no answer as a timeout", async (t) => {
  const { session, peer } = await loggedIn(t);
  const refused = session.request(ask("example.org"));
  const iq = await peer.receive();
  peer.send(
    `<iq type='error' id='${iq.attrs.id}' from='example.org'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
  );
  await t.throwsAsync(refused, { instanceOf: StanzaError, message: /item-not-found/ });
  await t.throwsAsync(session.request(ask("example.org"), { timeoutMs: 20 }), {
    instanceOf: RequestTimeoutError,
    message: "example.org did not answer within 20 ms",
  });
});

test("requests end with the session, and are refused without one", async (t) => {
  const { session, peer } = await loggedIn(t);
  const open = session.request(ask());
  await peer.receive();
  const ended = t.throwsAsync(open, { instanceOf: ConnectionError });
  await session.disconnect();
  await ended;
  await t.throwsAsync(session.request(ask()), { instanceOf: NotConnectedError });
  await t.throwsAsync(session.send(message("1")), { instanceOf: NotConnectedError });
  await t.throwsAsync(session.sendTracked(message("1")), { instanceOf: NotConnectedError });
  await t.throwsAsync(session.request(xml("iq", { type: "result" })), { instanceOf: InvalidParamsError });
});

test("stanzas of one conversation are handled in order, and a slow one does not hold up another", async (t) => {
  const { session, peer } = await loggedIn(t);
  const order: string[] = [];
  const held = gate();
  const other = gate();
  session.onStanza(async ({ attrs: { id = "" } }) => {
    if (id === "slow 1") await held.opened;
    order.push(id);
    if (id === "other 2") other.open();
  });
  for (const id of ["slow 1", "slow 2"]) peer.send(messageFrom(id, "bob@example.org/a"));
  for (const id of ["other 1", "other 2"]) peer.send(messageFrom(id, "carol@example.org/a"));
  peer.send(messageFrom("slow 3", "BOB@example.org/b"));
  await other.opened;
  t.deepEqual(order, ["other 1", "other 2"]);
  held.open();
  while ((await peer.clientCount()) < 5) await new Promise(setImmediate);
  t.deepEqual(order.slice(2), ["slow 1", "slow 2", "slow 3"]);
});

test("a lane may be chosen by whoever handles", async (t) => {
  const { session, peer } = await loggedIn(t);
  const held = gate();
  session.onStanza(({ attrs }) => (attrs.id === "1" ? held.opened : held.open()), {
    lane: ({ attrs }) => attrs.id ?? "",
  });
  peer.send(messageFrom("1"));
  peer.send(messageFrom("2"));
  await held.opened;
  t.pass("the second of the same sender went ahead");
});

test("a handler is not called any more once it was taken away", async (t) => {
  const { session, peer } = await loggedIn(t);
  const off = session.onStanza(() => t.fail());
  const seen = collect(session);
  off();
  peer.send(messageFrom("1"));
  await seen.until(1);
  t.pass();
});

test("an interceptor has what belongs to a request before its answer, past a busy lane", async (t) => {
  const { session, peer } = await loggedIn(t);
  const held = gate();
  session.onStanza(() => held.opened);
  peer.send(messageFrom("busy"));
  const results: (string | undefined)[] = [];
  const off = session.intercept((stanza) => {
    if (!stanza.getChild("result", "urn:xmpp:mam:2")) return false;
    results.push(stanza.attrs.id);
    return true;
  });
  const answer = session.request(ask());
  const iq = await peer.receive();
  for (const id of ["a", "b"])
    peer.send(`<message from='bob@example.org/r' id='${id}'><result xmlns='urn:xmpp:mam:2'/></message>`);
  peer.answer(iq);
  await answer;
  t.deepEqual(results, ["a", "b"]);
  off();
  held.open();
});

test("a ping is answered, an unknown request refused, and a known one handled", async (t) => {
  const { session, peer } = await loggedIn(t);
  session.handleIq("set", "query", "urn:x", (child, iq) => {
    t.is(iq.attrs.from, "bob@example.org/r");
    return child.attrs.fail ? Promise.reject(new StanzaError("forbidden")) : xml("done", { xmlns: "urn:x" });
  });
  const iq = (type: string, id: string, payload: string) =>
    peer.send(`<iq type='${type}' id='${id}' from='bob@example.org/r' to='${session.jid}'>${payload}</iq>`);
  const reply = async (id: string) => (await peer.receive(({ attrs }) => attrs.id === id)).toString();
  iq("get", "ping", "<ping xmlns='urn:xmpp:ping'/>");
  t.regex(await reply("ping"), /type="result"/);
  iq("get", "unknown", "<query xmlns='urn:x'/>");
  t.regex(await reply("unknown"), /type="error".*type="cancel".*service-unavailable/);
  iq("set", "known", "<query xmlns='urn:x'/>");
  t.regex(await reply("known"), /to="bob@example.org\/r".*<done/);
  iq("set", "fails", "<query xmlns='urn:x' fail='1'/>");
  t.regex(await reply("fails"), /forbidden/);
  iq("set", "empty", "");
  t.regex(await reply("empty"), /bad-request/);
});

test("an over-large stanza is dropped, told and counted, and the stream goes on", async (t) => {
  const { session, peer, lines } = await loggedIn(t, {}, { limits: { stanzaBytes: 2000 } });
  const seen = collect(session);
  const told = once(session, "dropped");
  peer.send(messageFrom("big".repeat(2000)));
  peer.send(messageFrom("small"));
  await seen.until(1);
  t.deepEqual(seen.bodies(), ["small"]);
  t.like(await told, { name: "message", from: "bob@example.org/r", type: "chat", reason: "size" });
  t.is(await peer.clientCount(), 2);
  t.is(session.stats.dropped, 1);
  t.true(lines.some((line) => line.includes("stanzaBytes (2000)")));
});

test("an over-large answer rejects its request with the limit, and a forged one does not", async (t) => {
  const { session, peer } = await loggedIn(t, {}, { limits: { stanzaBytes: 2000 } });
  const answer = session.request(ask("example.org"));
  const iq = await peer.receive();
  let settled = false;
  answer
    .catch(() => {})
    .finally(() => {
      settled = true;
    });
  peer.answer(iq, "x".repeat(3000), { from: "mallory@example.org" });
  await peer.clientCount();
  t.false(settled);
  peer.answer(iq, "x".repeat(3000));
  await t.throwsAsync(answer, {
    instanceOf: NotAcceptableError,
    message: /example\.org is over the limit stanzaBytes \(2000\)/,
  });
});

test("an over-large request is answered with an error", async (t) => {
  const { peer } = await loggedIn(t, {}, { limits: { stanzaBytes: 2000 } });
  peer.send(`<iq type='set' id='big' from='bob@example.org/r'><q xmlns='urn:x'>${"x".repeat(3000)}</q></iq>`);
  t.regex((await peer.receive()).toString(), /type="error".*not-acceptable/);
});

test("what XML cannot hold is refused instead of ending the stream", async (t) => {
  const { session, peer } = await loggedIn(t);
  for (const text of ["\u0000", "a\u0008", "\u001F", "\uFFFE"]) {
    await t.throwsAsync(session.send(message(text)), { instanceOf: NotAcceptableError, message: /U\+/ });
    await t.throwsAsync(session.sendTracked(message(text)), { instanceOf: NotAcceptableError });
    await t.throwsAsync(session.request(xml("iq", { type: "set" }, text)), {
      instanceOf: NotAcceptableError,
    });
  }
  await session.sendTracked(message("tab\tand\nline 👋"));
  t.is((await peer.receive()).getChildText("body"), "tab\tand\nline 👋");
});

test("a stanza larger than the server says it accepts is refused here", async (t) => {
  const { session } = await loggedIn(t, {
    features: "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1000</max-bytes></limits>",
  });
  t.is(session.serverFeatures?.maxStanzaBytes, 1000);
  await t.throwsAsync(session.send(message("x".repeat(1000))), {
    instanceOf: NotAcceptableError,
    message: /1000 bytes/,
  });
});

test("stanzas go out in the order of the calls", async (t) => {
  const { session, peer } = await loggedIn(t);
  const bodies = Array.from({ length: 200 }, (_, index) => `${index}`);
  await Promise.all(
    bodies.map((body, index) =>
      index % 2 ? session.send(message(body)) : session.sendTracked(message(body)),
    ),
  );
  const got: string[] = [];
  for (const _ of bodies) got.push((await peer.receive()).getChildText("body") ?? "");
  t.deepEqual(got, bodies);
});

test("what a handler is given is cut loose from the stream, with its namespace", async (t) => {
  const { session, peer } = await loggedIn(t);
  const seen = collect(session);
  peer.send(messageFrom("1"));
  await seen.until(1);
  t.is(seen.all[0]?.parent, null);
  t.is(seen.all[0]?.getNS(), "jabber:client");
  t.is(seen.all[0]?.getChild("body", "jabber:client")?.getText(), "1");
});

test("answers that nobody asked for go to the handlers", async (t) => {
  const { session, peer } = await loggedIn(t);
  const seen = collect(session);
  peer.send("<iq type='result' id='late' from='example.org'/>");
  peer.send("<presence from='bob@example.org/r'/>");
  await seen.until(2);
  t.deepEqual(
    seen.all.map(({ name }) => name),
    ["iq", "presence"],
  );
});

test("a listener that throws harms nobody", async (t) => {
  const { session, server, lines, peer } = await loggedIn(t);
  session.on("online", () => {
    throw new NotFoundError("oops");
  });
  const back = once(session, "online");
  peer.cut();
  await server.online();
  await back;
  t.is(session.state, "online");
  t.true(lines.some((line) => line.includes("oops")));
});
