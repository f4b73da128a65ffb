import { InvalidParamsError, NotAcceptableError, type XmlElement } from "@larder/core";
import { MessageSender, type OutgoingMessage } from "@larder/messages";
import type { Store } from "@larder/storage";
import test from "ava";
import { alice, chat, FakeAccount, mine, origin, room, world } from "./support.js";

const to = (text: string, rest: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  to: "bob@larder.test",
  conversation: "bob@larder.test",
  bodies: [{ lang: "", text }],
  type: "chat",
  ...rest,
});

test("a message is pending, then sent when the server has it, and both are told", async (t) => {
  const w = await world(t);
  const { message, sent } = await new MessageSender(w.store).send(w.account, to("hi"));
  t.is(message.state, "pending");
  await sent;
  t.is((await w.history())[0]?.state, "sent");
  t.deepEqual(await w.told(), ["message_new", "message_update state"]);
});

test("the stanza carries its id as origin-id too, languages, subject and thread, and asks for receipt and markers", async (t) => {
  const w = await world(t);
  const bodies = [
    { lang: "", text: "a<b" },
    { lang: "de", text: "ä" },
  ];
  const { message, sent } = await new MessageSender(w.store).send(
    w.account,
    to("", { bodies, subject: "S", thread: "T" }),
  );
  await sent;
  const id = message.wireId ?? "";
  t.is(
    w.account.sent[0]?.toString(),
    `<message xmlns="jabber:client" to="bob@larder.test" type="chat" id="${id}"><subject>S</subject><body>a&lt;b</body>` +
      `<body xml:lang="de">ä</body><thread>T</thread><request xmlns="urn:xmpp:receipts"/>` +
      `<markable xmlns="urn:xmpp:chat-markers:0"/><origin-id xmlns="urn:xmpp:sid:0" id="${id}"/></message>`,
  );
});

test("a correction says the whole stanza again: reply, thread and whatever else the message carries", async (t) => {
  const w = await world(t);
  await w.take(chat("question", 'id="q"'));
  const question = (await w.history())[0];
  const sender = new MessageSender(w.store);
  const { message, sent } = await sender.send(
    w.account,
    to("ansewr", { replyTo: question?.uid ?? "", thread: "T", subject: "S" }),
  );
  await sent;
  const mark = '<x xmlns="urn:example:mark" a="b"><c>d</c></x>';
  await w.store.messages.setRaw(message.id, (message.raw ?? "").replace("</message>", `${mark}</message>`));
  for (const text of ["answer", "the answer"]) {
    const [, current] = await w.history();
    if (current) await (await sender.correct(w.account, current, text)).sent;
  }
  const stanza = w.account.sent.at(-1);
  t.like(stanza?.getChild("replace")?.attrs, { id: message.wireId });
  t.is(stanza?.getChildren("replace").length, 1);
  t.is(stanza?.getChildText("body"), "the answer");
  t.is(stanza?.getChildText("thread"), "T");
  t.is(stanza?.getChildText("subject"), "S");
  t.like(stanza?.getChild("reply", "urn:xmpp:reply:0")?.attrs, { id: "q", to: "bob@larder.test/phone" });
  t.is(stanza?.getChild("x", "urn:example:mark")?.toString(), mark);
  for (const name of ["origin-id", "request", "markable", "body"])
    t.is(stanza?.getChildren(name).length, 1, name);
  t.is((await w.history())[1]?.replyToId, "q");
});

for (const change of ["correction", "retraction"] as const)
  test(`a ${change} that waits is not sent because the first version comes back`, async (t) => {
    const w = await world(t);
    const sender = new MessageSender(w.store);
    const { message, sent } = await sender.send(w.account, to("ansewr"));
    await sent;
    w.account.connected = false;
    if (change === "correction") await sender.correct(w.account, message, "answer");
    else await sender.retract(w.account, message);
    const id = message.wireId ?? "";
    await w.takePage([["s1", new Date().toISOString(), mine("ansewr", id, origin(id))]]);
    t.like((await w.history())[0], { state: "pending", stanzaId: "s1" });
    w.account.connected = true;
    await sender.flush(w.account);
    t.is(w.account.sent.length, 2);
    const last = w.account.sent[1]?.toString() ?? "";
    if (change === "correction") {
      await w.takePage([
        ["s2", new Date().toISOString(), last.replace("<message ", `<message from="${alice}/x" `)],
      ]);
      t.like((await w.history())[0], { state: "sent" });
    }
  });

test("a correction that waits is not sent because an earlier one comes back", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  const { message, sent } = await sender.send(w.account, to("one"));
  await sent;
  await (await sender.correct(w.account, message, "two")).sent;
  const earlier = w.account.sent[1]?.toString() ?? "";
  w.account.connected = false;
  await sender.correct(w.account, message, "three");
  await w.takePage([
    ["s2", new Date().toISOString(), earlier.replace("<message ", `<message from="${alice}/x" `)],
  ]);
  t.like((await w.history())[0], { state: "pending" });
});

test("a message that a room has not taken because it had lost us goes out once more, and no further time", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  const conversation = room;
  const groupchat = to("hello", { to: room, conversation, type: "groupchat" });
  const { message, sent } = await sender.send(w.account, groupchat);
  await sent;
  const party = { conversation, address: room };
  t.true(await sender.again(w.account, party, message.wireId ?? ""));
  t.is((await w.history())[0]?.state, "pending");
  await sender.flush(w.account);
  t.deepEqual(
    w.account.sent.map(({ attrs }) => attrs.id),
    [message.wireId, message.wireId],
  );
  t.false(await sender.again(w.account, party, message.wireId ?? ""));
  t.false(await sender.again(w.account, party, "nobody's"));
});

test("the acknowledgement of what a room has not taken does not count for what goes out again", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  let acknowledge = () => {};
  w.account.acknowledge = () => new Promise<void>((resolve) => (acknowledge = resolve));
  const groupchat = to("hello", { to: room, conversation: room, type: "groupchat" });
  const { message, sent } = await sender.send(w.account, groupchat);
  t.true(await sender.again(w.account, { conversation: room, address: room }, message.wireId ?? ""));
  acknowledge();
  await sent;
  t.is((await w.history())[0]?.state, "pending");
  await sender.flush(w.account);
  t.is(w.account.sent.length, 2);
});

test("what waits for a room that does not want us fails with its reason, also what is private there, and nothing else", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  w.account.connected = false;
  for (const conversation of [room, `${room}/bob`, `${room}x`])
    await sender.send(w.account, to("hello", { to: conversation, conversation }));
  const error = { type: "forbidden", message: "kicked", retryable: false };
  await sender.refuse(w.account, room, error);
  t.deepEqual(
    (await w.history()).map((message) => [message.conversation, message.state]),
    [
      [room, "failed"],
      [`${room}/bob`, "failed"],
      [`${room}x`, "pending"],
    ],
  );
  t.like((await w.history())[0], { error });
});

test("messages of one conversation go out in the order in which they were sent", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  const texts = Array.from({ length: 20 }, (_, index) => String(index));
  await Promise.all(texts.map((text) => sender.send(w.account, to(text))));
  t.deepEqual(w.account.bodies, texts);
});

test("offline, messages wait and go out in their order when the account is online, each once", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  w.account.connected = false;
  await sender.send(w.account, to("1"));
  await sender.send(w.account, to("2"));
  t.deepEqual(w.account.bodies, []);
  w.account.connected = true;
  await Promise.all([sender.send(w.account, to("3")), sender.flush(w.account), sender.flush(w.account)]);
  t.deepEqual(w.account.bodies, ["1", "2", "3"]);
});

test("what the server never acknowledged is pending again, and goes out under the same id", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  w.account.acknowledge = () => {
    w.account.lose();
    return w.account.acknowledge({} as XmlElement);
  };
  const { message, sent } = await sender.send(w.account, to("1"));
  await sent;
  t.is((await w.history())[0]?.state, "pending");
  w.account.connected = true;
  w.account.acknowledge = async () => {};
  await sender.flush(w.account);
  t.deepEqual(
    w.account.sent.map(({ attrs }) => attrs.id),
    [message.wireId, message.wireId],
  );
});

test("a flush while an acknowledgement is outstanding sends nothing twice", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  let acknowledge = () => {};
  w.account.acknowledge = () =>
    new Promise((resolve) => {
      acknowledge = resolve;
    });
  const { sent } = await sender.send(w.account, to("1"));
  await sender.flush(w.account);
  t.is(w.account.sent.length, 1);
  acknowledge();
  await sent;
});

test("a message that is acknowledged while a list of pending ones is being read does not go out again", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  let acknowledge = () => {};
  w.account.acknowledge = () =>
    new Promise((resolve) => {
      acknowledge = resolve;
    });
  const { sent } = await sender.send(w.account, to("1"));
  const { messages } = w.store;
  const pending = messages.pending.bind(messages);
  messages.pending = async (...args) => {
    const list = await pending(...args); // as it stood before the acknowledgement
    acknowledge();
    await sent;
    return list;
  };
  await sender.flush(w.account);
  t.is(w.account.sent.length, 1);
});

test("a failure that is no lost session reaches who waits, and the message stays pending", async (t) => {
  const w = await world(t);
  const failures: unknown[] = [];
  const sender = new MessageSender(w.store, { onError: (error) => failures.push(error) });
  w.account.acknowledge = () => Promise.reject(new Error("odd"));
  const { sent } = await sender.send(w.account, to("1"));
  await t.throwsAsync(sent, { message: "odd" });
  t.is(failures.length, 1);
  t.is((await w.history())[0]?.state, "pending");
});

test("a message that the server will never take fails, and is not sent again", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  w.account.acknowledge = () => Promise.reject(new NotAcceptableError("too large"));
  const { sent } = await sender.send(w.account, to("1"));
  await t.throwsAsync(sent, { message: "too large" });
  t.like((await w.history())[0], {
    state: "failed",
    error: { type: "not_acceptable", message: "too large" },
  });
  await sender.flush(w.account);
  t.is(w.account.sent.length, 1);
  t.deepEqual(await w.told(), ["message_new", "message_update error"]);
});

test("an error that came back before the acknowledgement is not overwritten by it", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  w.account.acknowledge = async (stanza) => {
    await w.take(
      `<message xmlns="jabber:client" from="bob@larder.test" to="${alice}" type="error" id="${stanza.attrs.id}"><error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
    );
  };
  const { sent } = await sender.send(w.account, to("1"));
  await sent;
  t.is((await w.history())[0]?.state, "failed");
});

test("the same request id sends once for an account, also side by side", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  const request = to("1", { requestId: "r" });
  const sendings = await Promise.all([sender.send(w.account, request), sender.send(w.account, request)]);
  t.is(sendings[0].message.uid, sendings[1].message.uid);
  t.is(w.account.sent.length, 1);
  const other = await w.store.accounts.add({
    jid: "b@larder.test",
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const account = new FakeAccount(other.id);
  await sender.send(account, request);
  t.is(account.sent.length, 1);
});

test("a reply names the message by the id its sender gave it (XEP-0461 §3.1)", async (t) => {
  const w = await world(t);
  await w.take(chat("question", 'id="w"', origin("o")));
  const [question] = await w.history();
  const { message } = await new MessageSender(w.store).send(
    w.account,
    to("answer", { replyTo: question?.uid }),
  );
  t.is(message.replyToId, "o");
  t.like(w.account.sent[0]?.getChild("reply", "urn:xmpp:reply:0")?.attrs, {
    to: "bob@larder.test/phone",
    id: "o",
  });
});

test("a reply to no message, one of another conversation or of another account is refused, and nothing is kept", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  await w.take(chat("x", "", "", "carol@larder.test/a"));
  const [elsewhere] = await w.history();
  const other = await w.store.accounts.add({
    jid: "b@larder.test",
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const theirs = await sender.send(new FakeAccount(other.id), to("theirs"));
  for (const replyTo of ["nothing", elsewhere?.uid, theirs.message.uid]) {
    await t.throwsAsync(sender.send(w.account, to("answer", { replyTo })), {
      instanceOf: InvalidParamsError,
    });
  }
  t.deepEqual(w.account.bodies, []);
  t.is((await w.history()).length, 1);
});

test("what comes back of our own message is that message", async (t) => {
  const w = await world(t);
  const { message, sent } = await new MessageSender(w.store).send(
    w.account,
    to("note", { to: alice, conversation: alice }),
  );
  await sent;
  const id = message.wireId ?? "";
  await w.take(chat("note", `id="${id}"`, origin(id), `${alice}/larder`));
  t.is((await w.history()).length, 1);
});

test("what was written offline and corrected, twice, goes out once and says the last", async (t) => {
  const w = await world(t);
  const sender = new MessageSender(w.store);
  w.account.connected = false;
  const { message } = await sender.send(w.account, to("frist"));
  await sender.correct(w.account, message, "firts");
  await sender.correct(w.account, message, "first");
  w.account.connected = true;
  await sender.flush(w.account);
  t.deepEqual(w.account.bodies, ["first"]);
  t.is(w.account.sent[0]?.attrs.id, message.wireId);
  t.is(w.account.sent[0]?.getChild("replace"), undefined);
});

for (const [when, later] of [
  ["in a session that was lost", (sender: MessageSender) => sender],
  ["before the program ended", (_: MessageSender, store: Store) => new MessageSender(store)],
] as const)
  test(`what may have gone out ${when} is corrected by a message that says so, not by another of the same id`, async (t) => {
    const w = await world(t);
    const first = new MessageSender(w.store);
    w.account.acknowledge = () => {
      w.account.lose();
      return w.account.acknowledge({} as XmlElement);
    };
    const { message, sent } = await first.send(w.account, to("teh"));
    await sent;
    await new Promise((resolve) => setTimeout(resolve, 2)); // the clock has whole milliseconds
    const sender = later(first, w.store);
    await sender.correct(w.account, message, "the");
    w.account.connected = true;
    w.account.acknowledge = async () => {};
    await sender.flush(w.account);
    const correction = w.account.sent.at(-1);
    t.is(correction?.getChildText("body"), "the");
    t.not(correction?.attrs.id, message.wireId);
    t.is(correction?.getChild("replace")?.attrs.id, message.wireId);
  });
