import { type XmlElement, xml } from "@larder/core";
import { startEjabberd, startProsody } from "@larder/testing";
import test from "ava";
import { enterRoom } from "./occupant.js";
import { addAccount, startDaemon } from "./support.js";

const servers = { Prosody: await startProsody(), ejabberd: await startEjabberd() };
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

for (const [name, server] of Object.entries(servers))
  test(`${name}: files and invitations without a text say what they carry`, async (t) => {
    const room = `carried@${server.rooms}`;
    const client = await (await startDaemon(t)).connect();
    const alice = await addAccount(client, server, "alice");
    const bob = await enterRoom(server, room, "bob");
    t.teardown(() => bob.session.disconnect());
    await client.call("signals_subscribe", { signals: ["message_new"] });
    const send = async (to: string, ...children: XmlElement[]) => {
      await bob.session.sendTracked(
        xml("message", { to, type: "normal", id: `${Math.random()}` }, ...children),
      );
      return client.signal(({ signal, params }) => signal === "message_new" && params.message);
    };
    const url = "https://download.example/summit.jpg";
    const file = await send(alice, xml("x", { xmlns: "jabber:x:oob" }, xml("url", {}, url)));
    t.deepEqual(file.attachments, [{ url }]);
    t.deepEqual(file.bodies, []);
    const direct = xml("x", { xmlns: "jabber:x:conference", jid: room, reason: "Hey", password: "sesame" });
    const inviter = bob.session.account;
    t.deepEqual((await send(alice, direct)).invitation, { room, inviter, reason: "Hey", password: "sesame" });
    const invite = xml("invite", { to: alice }, xml("reason", {}, "Hey"));
    const { invitation, conversation } = await send(
      room,
      xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }, invite),
    );
    t.like(invitation, { room, reason: "Hey" });
    t.truthy(invitation?.inviter);
    t.is(conversation, room);
    const { messages } = await client.call("history_get", { account: alice });
    t.deepEqual(
      messages.map((message) => Boolean(message.attachments ?? message.invitation)),
      [true, true, true],
    );
  });
