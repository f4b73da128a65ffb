import { createHash } from "node:crypto";
import {
  NS_CAPS,
  NS_DATA,
  NS_DISCO_INFO,
  NS_HINTS,
  NS_REACTIONS,
  queryDiscoInfo,
  readDiscoInfo,
  verifyCaps,
  type XmlElement,
  xml,
} from "@larder/core";
import { startEjabberd, startProsody, type XmppServer } from "@larder/testing";
import test, { type ExecutionContext } from "ava";
import { enterRoom, until } from "./occupant.js";
import { openSession } from "./peer.js";
import { SlixmppPeer } from "./slixmpp-peer.js";
import { addAccount, failure, startDaemon, type TestClient } from "./support.js";

const servers: Record<string, Promise<XmppServer>> = {};
const serverOf = (name: string): Promise<XmppServer> => {
  servers[name] ??=
    name === "Prosody" ? startProsody({ resumptionSeconds: 0 }) : startEjabberd({ resumptionSeconds: 0 });
  return servers[name];
};
test.after.always(async () => {
  for (const server of Object.values(servers)) await (await server).stop();
});

let count = 0;

const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );

/** The next change of a message's reactions by somebody. */
const changed = (client: TestClient, uid: string, self: boolean) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_update" &&
      params.update === "reactions" &&
      params.message.uid === uid &&
      params.difference?.sender.self === self &&
      params,
  );

const emojis = (message: { reactions: readonly { emoji: string; count: number; mine: boolean }[] }) =>
  message.reactions.map(({ emoji, count: times, mine }) => [emoji, times, mine]);

async function withPeer(t: ExecutionContext, name: string) {
  const server = await serverOf(name);
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const user = `slix${++count}`;
  await server.addUser(user, "slix");
  const bob = await SlixmppPeer.connect(server, `${user}@${server.domain}`, "slix");
  t.teardown(() => bob.stop());
  await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
  return { server, daemon, client, alice, bob };
}

for (const name of ["Prosody", "ejabberd"]) {
  test.serial(
    `${name}: we and a client of another make react to each other and see the same, and what came while we were killed is there after`,
    async (t) => {
      const { daemon, client, alice, bob } = await withPeer(t, name);
      const { message } = await client.call("message_send", {
        account: alice,
        to: bob.jid,
        body: "tea?",
        wait: "sent",
      });
      const theirs = await bob.until(({ body }) => body === "tea?");
      await bob.run({ do: "react", to: alice, id: theirs.origin, reactions: ["👍", "\u2764"] });
      const first = await changed(client, message.uid, false);
      t.deepEqual([...(first.difference?.added ?? [])].sort(), ["❤️", "👍"].sort());
      t.like(first, { origin: "live", difference: { sender: { id: bob.jid, jid: bob.jid } } });
      await client.call("message_reactions_set", { uid: message.uid, reactions: ["❤️"], updateType: "add" });
      const ours = await bob.until(({ event }) => event === "reactions");
      t.like(ours, { id: theirs.origin, reactions: ["❤️"], kind: "chat" });

      await daemon.end("SIGKILL");
      await bob.run({ do: "react", to: alice, id: theirs.origin, reactions: ["🎉"] });
      await bob.run({ do: "react", to: alice, id: theirs.origin, reactions: [] });
      await bob.run({ do: "react", to: alice, id: theirs.origin, reactions: ["😂"] });
      await bob.run({ do: "send", to: alice, id: "last", body: "still there?" });
      const again = await startDaemon(t, { home: daemon.home });
      const second = await again.connect();
      await second.call("signals_subscribe", { signals: ["message_new"] });
      await second.call("account_connect", { account: alice });
      await said(second, "still there?");
      await second.call("history_sync", { account: alice });
      const { messages } = await second.call("history_get", {
        account: alice,
        conversation: bob.jid,
        withReactionLog: true,
      });
      t.deepEqual(messages[0] && emojis(messages[0]), [
        ["❤️", 1, true],
        ["😂", 1, false],
      ]);
      const { changes } = await second.call("reactions_log_get", { uid: message.uid });
      t.deepEqual(messages[0]?.reactionLog, changes);
      t.deepEqual(
        changes.map(({ sender, reactions }) => [sender.self, [...reactions].sort()]),
        [
          [false, ["❤️", "👍"].sort()],
          [true, ["❤️"]],
          [false, ["🎉"]],
          [false, []],
          [false, ["😂"]],
        ],
      );
    },
  );

  test.serial(`${name}: in a room both see the same, by the room's ids`, async (t) => {
    const { server, client, alice, bob } = await withPeer(t, name);
    const room = `tea${++count}@${server.rooms}`;
    await client.call("muc_join", { account: alice, room, nick: "alice" });
    await bob.run({ do: "join", room, nick: "bob" });
    await bob.run({ do: "send", to: room, type: "groupchat", id: `g${count}`, body: "tea?" });
    const message = await said(client, "tea?");
    const theirs = await bob.until(({ body }) => body === "tea?");
    t.is(message.stanzaId, theirs.roomId);
    await client.call("message_reactions_set", { uid: message.uid, reactions: ["👍"] });
    const ours = await bob.until(({ event }) => event === "reactions");
    t.like(ours, { id: theirs.roomId, reactions: ["👍"], kind: "groupchat", sender: `${room}/alice` });
    await bob.run({ do: "react", to: room, type: "groupchat", id: theirs.roomId, reactions: ["👍", "🎉"] });
    const { difference, message: after } = await changed(client, message.uid, false);
    t.deepEqual(emojis(after), [
      ["👍", 2, true],
      ["🎉", 1, false],
    ]);
    t.is(difference?.sender.nick, "bob");
    // Occupant ids are there on Prosody only.
    if (name === "Prosody") t.is(difference?.sender.id, message.occupantId);
    else t.true([bob.jid, `${room}/bob`].includes(difference?.sender.id ?? ""));
    await bob.run({ do: "react", to: room, type: "groupchat", id: theirs.roomId, reactions: [] });
    t.deepEqual(emojis((await changed(client, message.uid, false)).message), [["👍", 1, true]]);
  });
}

for (const name of ["Prosody", "ejabberd"]) {
  test.serial(
    `${name}: in private messages through a room we and an occupant react to each other`,
    async (t) => {
      const server = await serverOf(name);
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const room = `private${++count}@${server.rooms}`;
      const carol = await enterRoom(server, room, "carol");
      t.teardown(() => carol.session.disconnect());
      await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
      await client.call("muc_join", { account: alice, room, nick: "alice" });
      const whisper = (id: string, ...children: XmlElement[]) => {
        const to = `${room}/alice`;
        const mark = xml("x", { xmlns: "http://jabber.org/protocol/muc#user" });
        return carol.session.sendTracked(xml("message", { to, type: "chat", id }, ...children, mark));
      };
      await whisper("w1", xml("body", {}, "between us"));
      const message = await said(client, "between us");
      t.is(message.conversation, `${room}/carol`);
      await client.call("message_reactions_set", { uid: message.uid, reactions: ["👍"] });
      const isReaction = (stanza: XmlElement) =>
        stanza.getChild("reactions", NS_REACTIONS)?.attrs.id === "w1";
      await until(() => carol.seen.some(isReaction));
      t.like(carol.seen.find(isReaction)?.attrs, { from: `${room}/alice`, type: "chat" });
      await whisper("w2", xml("reactions", { xmlns: NS_REACTIONS, id: "w1" }, xml("reaction", {}, "🎉")));
      const { difference, message: after } = await changed(client, message.uid, false);
      t.like(difference, { added: ["🎉"], sender: { nick: "carol" } });
      t.deepEqual(emojis(after), [
        ["👍", 1, true],
        ["🎉", 1, false],
      ]);
    },
  );
}

test.serial(
  "twenty toggles at once reach the other side one after the other, and both end in the same set",
  async (t) => {
    const { client, alice, bob } = await withPeer(t, "Prosody");
    const { message } = await client.call("message_send", { account: alice, to: bob.jid, body: "vote" });
    await bob.until(({ body }) => body === "vote");
    const given = ["👍", "🎉", "😂"];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        client.call("message_reactions_set", {
          uid: message.uid,
          reactions: [given[n % 3] ?? ""],
          updateType: "toggle",
        }),
      ),
    );
    t.is(answers.length, 20);
    const theirs = () => bob.events.filter(({ event }) => event === "reactions");
    await bob.until(() => theirs().length === 20);
    const sizes = [0, ...theirs().map(({ reactions }) => reactions?.length ?? 0)];
    const last = theirs().at(-1)?.reactions ?? [];
    for (const [at, size] of sizes.entries()) if (at > 0) t.is(Math.abs(size - (sizes[at - 1] ?? 0)), 1);
    t.deepEqual(last, ["👍", "🎉"].sort(), "each was toggled seven times, 😂 six times");
    const { message: after } = await client.call("message_get", { uid: message.uid });
    t.deepEqual(after.reactions.map(({ emoji }) => emoji).sort(), [...last]);
  },
);

test.serial("a nick that another person has taken over does not change what the first one set", async (t) => {
  const { server, client, alice, bob } = await withPeer(t, "ejabberd");
  const room = `nicks${++count}@${server.rooms}`;
  await client.call("muc_join", { account: alice, room, nick: "alice" });
  await bob.run({ do: "join", room, nick: "bob" });
  const { message } = await client.call("message_send", { account: alice, to: room, body: "who?" });
  const { roomId } = await bob.until(({ body }) => body === "who?");
  await bob.run({ do: "react", to: room, type: "groupchat", id: roomId, reactions: ["👍"] });
  const { difference } = await changed(client, message.uid, false);
  await bob.stop();
  const user = `taker${++count}`;
  await server.addUser(user, "slix");
  const mallory = await SlixmppPeer.connect(server, `${user}@${server.domain}`, "slix");
  t.teardown(() => mallory.stop());
  await mallory.run({ do: "join", room, nick: "bob" });
  await mallory.run({ do: "react", to: room, type: "groupchat", id: roomId, reactions: [] });
  await mallory.run({ do: "send", to: room, type: "groupchat", id: "t", body: "me" });
  await said(client, "me");
  const { message: after } = await client.call("message_get", { uid: message.uid });
  t.deepEqual(
    after.reactions.map(({ emoji, senders }) => [emoji, senders[0]?.id]),
    [["👍", difference?.sender.id]],
  );
});

test.serial(
  "others are told that we know reactions, by asking and by what presence announces (§2.1)",
  async (t) => {
    const { server, client, alice, bob } = await withPeer(t, "Prosody");
    const room = `disco${++count}@${server.rooms}`;
    await client.call("muc_join", { account: alice, room, nick: "alice" });
    await bob.run({ do: "join", room, nick: "bob" });
    const { features } = await bob.run({ do: "features", of: `${room}/alice` });
    t.true((features as string[]).includes("urn:xmpp:reactions:0"));
    const carol = await enterRoom(server, room, "carol");
    t.teardown(() => carol.session.disconnect());
    const us = `${room}/alice`;
    await until(() => carol.seen.some(({ name, attrs }) => name === "presence" && attrs.from === us));
    const caps = carol.seen.find(({ attrs }) => attrs.from === us)?.getChild("c", NS_CAPS)?.attrs ?? {};
    const query = await queryDiscoInfo(carol.session, us, `${caps.node}#${caps.ver}`);
    if (!query) throw new Error("no answer");
    t.true(readDiscoInfo(query).features.has("urn:xmpp:reactions:0"));
    t.true(verifyCaps(query, caps.hash ?? "", caps.ver ?? ""), "the hash covers it (XEP-0115)");
  },
);

for (const name of ["Prosody", "ejabberd"]) {
  test.serial(
    `${name}: where the newest pages of the archive hold nothing but reactions, their message is found all the same`,
    async (t) => {
      const server = await serverOf(name);
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const [alice, bob] = [`reader${++count}`, `writer${count}`].map((user) => `${user}@${server.domain}`);
      if (!alice || !bob) throw new Error("no names");
      for (const jid of [alice, bob]) await server.addUser(jid.split("@")[0] ?? "", "secret");
      const other = await openSession(server, alice, "secret"); // which takes what would wait offline else
      const writer = await openSession(server, bob, "secret");
      t.teardown(() => Promise.all([writer.disconnect(), other.disconnect()]));
      const send = (id: string, ...children: XmlElement[]) =>
        writer.sendTracked(xml("message", { to: alice, type: "chat", id }, ...children));
      await send("one", xml("body", {}, "one"));
      const react = (n: number) =>
        send(
          `r${n}`,
          xml(
            "reactions",
            { xmlns: NS_REACTIONS, id: "one" },
            xml("reaction", {}, n % 2 === 0 ? "👍" : "🎉"),
          ),
          xml("store", { xmlns: NS_HINTS }),
        );
      for (let n = 0; n < 130; n++) await react(n); // more than the first page
      await client.call("account_add", {
        jid: alice,
        password: "secret",
        service: server.service,
        caFile: server.caFile,
      });
      await client.call("account_connect", { account: alice });
      await client.call("history_sync", { account: alice });
      const { messages } = await client.call("history_get", { account: alice, conversation: bob });
      t.deepEqual(
        messages.map(({ bodies }) => bodies[0]?.text),
        ["one"],
      );
      t.deepEqual(messages[0] && emojis(messages[0]), [["🎉", 1, false]]);
      const { changes } = await client.call("reactions_log_get", { uid: messages[0]?.uid ?? "" });
      t.is(changes.length, 130);
    },
  );
}

/** What a gateway says of itself, and the hash of it (XEP-0115 §5.1). */
function gateway() {
  const field = (name: string, values: string[], type?: string) =>
    xml(
      "field",
      { var: name, type },
      values.map((value) => xml("value", {}, value)),
    );
  const form = "urn:xmpp:reactions:0:restrictions";
  const query = () =>
    xml(
      "query",
      { xmlns: NS_DISCO_INFO },
      xml("identity", { category: "gateway", type: "test" }),
      xml("feature", { var: "urn:xmpp:reactions:0" }),
      xml(
        "x",
        { xmlns: NS_DATA, type: "result" },
        field("FORM_TYPE", [form], "hidden"),
        field("max_reactions_per_user", ["1"]),
        field("allowlist", ["💜", "❤"]),
      ),
    );
  const allowed = ["💜", "❤"].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const text = `gateway/test//<urn:xmpp:reactions:0<${form}<allowlist<${allowed.join("<")}<max_reactions_per_user<1<`;
  return { query, version: createHash("sha1").update(text, "utf8").digest("base64") };
}

test.serial(
  "what the other side allows is asked for when somebody reacts and not before, checked, told, and a refusal is taken back",
  async (t) => {
    const { server, client, alice } = await withPeer(t, "Prosody");
    await server.addUser("legacy", "legacy");
    const jid = `legacy@${server.domain}`;
    const legacy = await openSession(server, jid, "legacy");
    t.teardown(() => legacy.disconnect());
    const { query, version } = gateway();
    let asked = 0;
    legacy.handleIq("get", "query", NS_DISCO_INFO, () => {
      asked++;
      return query();
    });
    const reactions: XmlElement[] = [];
    legacy.onStanza((stanza) => {
      if (stanza.getChild("reactions", "urn:xmpp:reactions:0")) reactions.push(stanza);
    });
    const caps = xml("c", { xmlns: NS_CAPS, hash: "sha-1", node: "urn:gateway", ver: version });
    await legacy.send(xml("presence", { to: alice }, caps));
    await legacy.sendTracked(
      xml("message", { to: alice, type: "chat", id: "l1" }, xml("body", {}, "hearts only")),
    );
    const message = await said(client, "hearts only");
    t.is(asked, 0);
    const refused = await failure(
      client.call("message_reactions_set", { uid: message.uid, reactions: ["👍"] }),
    );
    t.like(refused, { type: "not_acceptable" });
    t.regex(refused.message, /👍 .*💜 ❤️/);
    t.is(asked, 1);
    t.deepEqual(await client.call("reactions_restrictions_get", { account: alice, conversation: jid }), {
      maxPerUser: 1,
      allowed: ["💜", "❤️"],
    });
    const two = await failure(
      client.call("message_reactions_set", { uid: message.uid, reactions: ["💜", "❤"] }),
    );
    t.regex(two.message, /at most 1/);
    t.is(asked, 1);
    await client.call("message_reactions_set", { uid: message.uid, reactions: ["💜"] });
    await changed(client, message.uid, true);
    await client.call("message_reactions_set", { uid: message.uid, reactions: ["❤"] });
    await changed(client, message.uid, true);
    while (reactions.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const error = xml(
      "error",
      { type: "modify" },
      xml("not-acceptable", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }),
    );
    await legacy.send(
      xml("message", { to: reactions[1]?.attrs.from, type: "error", id: reactions[1]?.attrs.id }, error),
    );
    const reverted = await changed(client, message.uid, true);
    t.like(reverted, {
      error: { type: "not_acceptable", condition: "not-acceptable" },
      difference: { added: ["💜"], removed: ["❤️"] },
    });
    t.deepEqual(emojis(reverted.message), [["💜", 1, true]]);
  },
);
