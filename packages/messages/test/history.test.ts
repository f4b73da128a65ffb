import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  asStorageFailure,
  ConnectionError,
  type Envelope,
  openEnvelope,
  parseTrustedXml,
  type XmlElement,
} from "@larder/core";
import { MessageIntake, MessageSender, type MessagingAccount } from "@larder/messages";
import { createStore, Database, type Store } from "@larder/storage";
import test, { type ExecutionContext } from "ava";

const alice = "alice@larder.test";
const bob = "bob@larder.test";

/** An account whose server acknowledges when the test says so. */
class FakeAccount implements MessagingAccount {
  readonly jid = alice;
  connected = true;
  readonly sent: { stanza: XmlElement; acknowledge: () => void; lose: () => void }[] = [];
  #wake = () => {};

  constructor(readonly id: number) {}

  readonly online = () => this.connected;

  readonly sendTracked = (stanza: XmlElement) =>
    new Promise<void>((resolve, reject) => {
      this.sent.push({
        stanza,
        acknowledge: resolve,
        lose: () => reject(new ConnectionError("the session ended")),
      });
      this.#wake();
    });

  async sentCount(count: number): Promise<void> {
    while (this.sent.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function setUp(
  t: ExecutionContext,
): Promise<{ store: Store; account: FakeAccount; intake: MessageIntake; sender: MessageSender }> {
  const directory = await mkdtemp(join(tmpdir(), "larder-messages-"));
  const { database } = await Database.open({ url: `sqlite:${join(directory, "larder.db")}` });
  t.teardown(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });
  const store = createStore(database);
  const { id } = await store.accounts.add({
    jid: alice,
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
  return {
    store,
    account: new FakeAccount(id),
    intake: new MessageIntake(store),
    sender: new MessageSender(store),
  };
}

function envelope(xml: string): Envelope {
  const opened = openEnvelope(parseTrustedXml(xml), {
    account: alice,
    announcesStanzaIds: (by) => by === alice,
  });
  if (!opened) throw new Error("no envelope");
  return opened;
}

const incoming = (inner: string, attributes = `from="${bob}/phone" type="chat"`) =>
  envelope(`<message xmlns="jabber:client" to="${alice}" ${attributes}>${inner}</message>`);
const originId = (id: string) => `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`;
const stanzaId = (id: string) => `<stanza-id xmlns="urn:xmpp:sid:0" id="${id}" by="${alice}"/>`;

const stored = async (store: Store) => (await store.messages.history({ limit: 100 })).messages;
const events = async (store: Store) =>
  (await store.events.since(await store.events.oldest(), { limit: 100 })).events;

test("the same message by two ways is one message, which learns the archive's id, and is told once", async (t) => {
  const { store, account, intake } = await setUp(t);
  t.true(await intake.take(account, incoming(`<body>hi</body>${originId("o1")}`)));
  t.true(await intake.take(account, incoming(`<body>hi</body>${originId("o1")}${stanzaId("s1")}`)));
  t.true(await intake.take(account, incoming(`<body>hi</body>${stanzaId("s1")}`)));
  t.like(await stored(store), [{ originId: "o1", stanzaId: "s1", conversation: bob, direction: "in" }]);
  t.is((await stored(store)).length, 1);
  t.is((await events(store)).length, 1);
});

test("another sender's origin-id, or another archive id, makes another message", async (t) => {
  const { store, account, intake } = await setUp(t);
  await intake.take(account, incoming(`<body>one</body>${originId("o1")}${stanzaId("s1")}`));
  await intake.take(
    account,
    incoming(`<body>two</body>${originId("o1")}`, `from="mallory@larder.test/x" type="chat"`),
  );
  await intake.take(account, incoming(`<body>three</body>${originId("o1")}${stanzaId("s2")}`));
  t.deepEqual(
    (await stored(store)).map(({ bodies }) => bodies[0]?.text),
    ["one", "two", "three"],
  );
});

test("chat states, markers and what must not be stored are no history", async (t) => {
  const { store, account, intake } = await setUp(t);
  t.false(await intake.take(account, incoming(`<composing xmlns="http://jabber.org/protocol/chatstates"/>`)));
  t.false(await intake.take(account, incoming(`<body>secret</body><no-store xmlns="urn:xmpp:hints"/>`)));
  t.true(
    await intake.take(
      account,
      incoming(`<body>fallback</body><encrypted xmlns="eu.siacs.conversations.axolotl"/>`),
    ),
  );
  t.like(await stored(store), [{ encrypted: "eu.siacs.conversations.axolotl" }]);
  t.deepEqual(
    (await store.messages.history({ search: "fallback", limit: 9 })).messages,
    [],
    "its fallback text is not searched",
  );
});

test("an error fails a message only where it comes from the party that the message went to", async (t) => {
  const { store, account, intake, sender } = await setUp(t);
  const { message } = await sender.send(account, {
    to: bob,
    conversation: bob,
    bodies: [{ lang: "", text: "hi" }],
    type: "chat",
  });
  const bounce = (from: string) =>
    incoming(
      `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`,
      `from="${from}" type="error" id="${message.wireId}"`,
    );
  t.false(await intake.take(account, bounce("mallory@larder.test")));
  t.is((await store.messages.get(message.uid))?.state, "pending");
  t.true(await intake.take(account, bounce(bob)));
  t.like(await store.messages.get(message.uid), {
    state: "failed",
    error: { condition: "service-unavailable", type: "unsupported" },
  });
});

test("a message is pending until the server acknowledges it", async (t) => {
  const { store, account, sender } = await setUp(t);
  const { message, sent } = await sender.send(account, {
    to: bob,
    conversation: bob,
    bodies: [{ lang: "de", text: "Grüße" }],
    subject: "tea",
    thread: "t1",
    type: "chat",
  });
  t.is(
    account.sent[0]?.stanza.toString(),
    `<message xmlns="jabber:client" to="${bob}" type="chat" id="${message.wireId}"><subject>tea</subject>` +
      `<body xml:lang="de">Grüße</body><thread>t1</thread><origin-id xmlns="urn:xmpp:sid:0" id="${message.wireId}"/></message>`,
  );
  t.is((await store.messages.get(message.uid))?.state, "pending");
  account.sent[0]?.acknowledge();
  await sent;
  t.is((await store.messages.get(message.uid))?.state, "sent");
});

test("what was written offline, or lost with a session, goes out before what is written later, with its first id", async (t) => {
  const { account, sender } = await setUp(t);
  const write = (text: string) =>
    sender.send(account, { to: bob, conversation: bob, bodies: [{ lang: "", text }], type: "chat" });
  const first = await write("one");
  account.sent[0]?.lose();
  await first.sent;
  account.connected = false;
  const second = await write("two");
  t.is(account.sent.length, 1, "nothing is sent offline");
  account.connected = true;
  await Promise.all([sender.flush(account), write("three")]);
  await account.sentCount(4);
  t.deepEqual(
    account.sent.slice(1).map(({ stanza }) => stanza.getChildText("body")),
    ["one", "two", "three"],
  );
  t.deepEqual(
    account.sent.slice(1, 3).map(({ stanza }) => stanza.attrs.id),
    [first.message.wireId, second.message.wireId],
  );
});

test("the same request id sends once, and a reply must name a message of the conversation", async (t) => {
  const { store, account, intake, sender } = await setUp(t);
  await intake.take(account, incoming(`<body>question</body>`, `from="${bob}/phone" type="chat" id="q1"`));
  const [question] = await stored(store);
  const send = (rest: object) =>
    sender.send(account, {
      to: bob,
      conversation: bob,
      bodies: [{ lang: "", text: "x" }],
      type: "chat",
      ...rest,
    });
  const reply = await send({ replyTo: question?.uid, requestId: "r" });
  t.is((await send({ replyTo: question?.uid, requestId: "r" })).message.uid, reply.message.uid);
  t.is(account.sent.length, 1);
  t.is(account.sent[0]?.stanza.getChild("reply", "urn:xmpp:reply:0")?.attrs.id, "q1");
  await t.throwsAsync(send({ replyTo: "nobody" }), { name: "InvalidParamsError", message: /^replyTo: / });
  await t.throwsAsync(
    send({ replyTo: question?.uid, to: "carol@larder.test", conversation: "carol@larder.test" }),
    { message: /^replyTo: / },
  );
});

test("a message that the database cannot take is a failure of storage, after which the session gets it again", async (t) => {
  const { store, account, intake } = await setUp(t);
  await store.database.close();
  const error = await t.throwsAsync(intake.take(account, incoming("<body>hi</body>")));
  t.is(asStorageFailure(error)?.type, "storage");
});

test("a message that its sender sent again after a lost session is one message, though the archive has it twice", async (t) => {
  const { store, account, intake } = await setUp(t);
  await intake.take(account, incoming(`<body>again</body>${originId("o1")}${stanzaId("s1")}`));
  const again = `<body>again</body>${originId("o1")}${stanzaId("s2")}<delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/>`;
  t.true(await intake.take(account, incoming(again)));
  t.is((await stored(store)).length, 1);
});
