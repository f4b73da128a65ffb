import { type XmlElement, xml } from "@larder/core";
import { startEjabberd, startProsody, type XmppServer } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { addAccount, startDaemon, type TestClient } from "./support.js";

const servers: Readonly<Record<string, XmppServer>> = {
  Prosody: await startProsody(),
  ejabberd: await startEjabberd(),
};
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

let people = 0;

const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );

/** Somebody else, and what arrives there. */
async function stranger(server: XmppServer) {
  const user = `carl${++people}`;
  await server.addUser(user, user);
  const session = await openSession(server, `${user}@${server.domain}`, user);
  // Answers to subscriptions come to those alone who have asked for the roster (RFC 6121 §2.2).
  await session.request(xml("iq", { type: "get" }, xml("query", { xmlns: "jabber:iq:roster" })));
  const seen: XmlElement[] = [];
  const waiting = new Set<() => void>();
  session.onStanza((stanza) => {
    seen.push(stanza);
    for (const wake of waiting) wake();
  });
  const until = async (fits: (stanza: XmlElement) => boolean): Promise<XmlElement> => {
    for (;;) {
      const found = seen.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => waiting.add(resolve));
      waiting.clear();
    }
  };
  return { session, jid: session.account, seen, until };
}

const presence = (type: string) => (stanza: XmlElement) =>
  stanza.name === "presence" && stanza.attrs.type === type;
const receiptFor = (id: string) => (stanza: XmlElement) =>
  stanza.getChild("received", "urn:xmpp:receipts")?.attrs.id === id;
const request = xml("request", { xmlns: "urn:xmpp:receipts" });

for (const [name, server] of Object.entries(servers)) {
  const start = async (t: Parameters<typeof startDaemon>[0]) => {
    const client = await (await startDaemon(t)).connect();
    const alice = await addAccount(client, server, "alice");
    const carl = await stranger(server);
    t.teardown(() => carl.session.disconnect());
    await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
    const send = (id: string, body: string, ...extra: XmlElement[]) =>
      carl.session.send(xml("message", { to: alice, type: "chat", id }, xml("body", {}, body), ...extra));
    const contact = async () =>
      (await client.call("roster_get", { account: alice })).contacts.find(({ jid }) => jid === carl.jid);
    return { client, alice, carl, send, contact };
  };

  test.serial(
    `${name}: who asks for our presence waits for an answer, may be refused and let in; who is let in gets receipts, and nobody else`,
    async (t) => {
      const { client, alice, carl, send } = await start(t);
      await carl.session.send(xml("presence", { to: alice, type: "subscribe" }));
      await send("r1", "before", request);
      await said(client, "before");
      t.false(carl.seen.some((stanza) => presence("subscribed")(stanza) || presence("unsubscribed")(stanza)));
      await client.call("presence_subscription_answer", { account: alice, jid: carl.jid, allow: false });
      await carl.until(presence("unsubscribed"));
      await carl.session.send(xml("presence", { to: alice, type: "subscribe" }));
      await send("r2", "again", request);
      await said(client, "again");
      await client.call("presence_subscription_answer", { account: alice, jid: carl.jid, allow: true });
      await carl.until(presence("subscribed"));
      while ((await client.call("roster_get", { account: alice })).contacts[0]?.subscription !== "from"); // no signal tells
      await send("r3", "friends", request);
      await carl.until(receiptFor("r3"));
      t.false(carl.seen.some((stanza) => receiptFor("r1")(stanza) || receiptFor("r2")(stanza)));
    },
  );

  test.serial(`${name}: we ask for somebody's presence, and the roster says how it stands`, async (t) => {
    const { client, alice, carl, contact } = await start(t);
    await client.call("presence_subscribe", { account: alice, jid: carl.jid });
    await carl.until(presence("subscribe"));
    while ((await contact())?.ask !== "subscribe"); // no signal tells
    await carl.session.send(xml("presence", { to: alice, type: "subscribed" }));
    while ((await contact())?.subscription !== "to");
    t.is((await contact())?.ask, undefined);
  });

  test.serial(
    `${name}: a reply is known as one and says what was written alone; thread, languages and subject are kept, and what asks not to be stored is not`,
    async (t) => {
      const { client, alice, carl, send } = await start(t);
      const { message } = await client.call("message_send", {
        account: alice,
        to: carl.jid,
        body: "Tea? 🫖",
        thread: "t1",
        wait: "sent",
      });
      const ours = await carl.until((stanza) => stanza.getChildText("body") === "Tea? 🫖");
      t.is(ours.getChildText("thread"), "t1");
      const quote = "> Tea? 🫖\n";
      await send(
        "a1",
        `${quote}Gladly 👍🏽`,
        xml("thread", {}, "t1"),
        xml("reply", { xmlns: "urn:xmpp:reply:0", to: alice, id: ours.attrs.id }),
        xml(
          "fallback",
          { xmlns: "urn:xmpp:fallback:0", for: "urn:xmpp:reply:0" },
          xml("body", { start: 0, end: [...quote].length }),
        ),
      );
      const reply = await said(client, "Gladly 👍🏽");
      t.like(reply, { thread: "t1", replyTo: { uid: message.uid, id: ours.attrs.id } });
      const answer = await client.call("message_send", {
        account: alice,
        to: carl.jid,
        body: "Now",
        replyTo: reply.uid,
      });
      t.is(answer.message.replyTo?.uid, reply.uid);
      const sent = await carl.until((stanza) => stanza.getChildText("body")?.endsWith("Now") === true);
      t.is(sent.getChild("reply", "urn:xmpp:reply:0")?.attrs.id, "a1");

      await send("n1", "unseen", xml("no-store", { xmlns: "urn:xmpp:hints" }));
      await send("n2", "unseen too", xml("no-permanent-store", { xmlns: "urn:xmpp:hints" }));
      await carl.session.send(
        xml(
          "message",
          { to: alice, type: "normal", id: "l1", "xml:lang": "de" },
          xml("subject", {}, "Tee"),
          xml("subject", { "xml:lang": "fr" }, "Thé"),
          xml("body", {}, "Jetzt"),
          xml("body", { "xml:lang": "fr" }, "Maintenant"),
        ),
      );
      t.like(await said(client, "Jetzt"), {
        type: "normal",
        bodies: [
          { lang: "de", text: "Jetzt" },
          { lang: "fr", text: "Maintenant" },
        ],
        subjects: [
          { lang: "de", text: "Tee" },
          { lang: "fr", text: "Thé" },
        ],
      });
      await client.call("history_sync", { account: alice });
      const { messages } = await client.call("history_get", { account: alice, conversation: carl.jid });
      t.deepEqual(
        messages.map(({ bodies }) => bodies[0]?.text),
        ["Tea? 🫖", "Gladly 👍🏽", "Now", "Jetzt"],
      );
    },
  );
}
