import { xml } from "@larder/core";
import { startEjabberd, startProsody, type XmppServer } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { addAccount, startDaemon, type TestClient } from "./support.js";

const servers: Readonly<Record<string, XmppServer>> = {
  Prosody: await startProsody({ mam: false }),
  ejabberd: await startEjabberd({ mam: false }),
};
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

const LONG_AGO = "2001-01-01T00:00:00Z";
const forged = (from: string) => xml("delay", { xmlns: "urn:xmpp:delay", from, stamp: LONG_AGO });
const ageOf = ({ timestamp }: { timestamp: string }) => Date.now() - Date.parse(timestamp);
const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );
let people = 0;

for (const [name, server] of Object.entries(servers)) {
  const start = async (t: Parameters<typeof startDaemon>[0]) => {
    const client = await (await startDaemon(t)).connect();
    const alice = await addAccount(client, server, "alice");
    const user = `mallory${++people}`;
    await server.addUser(user, user);
    const mallory = await openSession(server, `${user}@${server.domain}`, user);
    t.teardown(() => mallory.disconnect());
    await client.call("signals_subscribe", { signals: ["message_new"] });
    const send = (body: string, ...extra: ReturnType<typeof xml>[]) =>
      mallory.send(xml("message", { to: alice, type: "chat" }, xml("body", {}, body), ...extra));
    return { client, alice, mallory, send };
  };

  test(`${name}: a contact cannot set the time of a message, and the server's time of a kept one counts`, async (t) => {
    const { client, alice, send } = await start(t);
    await send("forged", forged(server.domain), forged(alice));
    const live = await said(client, "forged");
    t.true(ageOf(live) < 60_000, live.timestamp);
    t.falsy(live.delayed);

    await client.call("account_disconnect", { account: alice });
    const sentAt = Date.now();
    await send("kept");
    await new Promise((resolve) => setTimeout(resolve, 2500)); // servers state whole seconds
    await client.call("account_connect", { account: alice });
    const kept = await said(client, "kept");
    t.true(kept.delayed);
    t.true(Math.abs(Date.parse(kept.timestamp) - sentAt) < 2000, kept.timestamp);

    await send("forged again", forged(server.domain));
    t.true(ageOf(await said(client, "forged again")) < 60_000);
  });

  test(`${name}: an occupant cannot set the time of a message in a room`, async (t) => {
    const { client, alice, mallory } = await start(t);
    const room = `times${people}@${server.rooms}`;
    await client.call("muc_join", { account: alice, room });
    await mallory.send(
      xml("presence", { to: `${room}/mallory` }, xml("x", { xmlns: "http://jabber.org/protocol/muc" })),
    );
    const speak = (body: string, ...extra: ReturnType<typeof xml>[]) =>
      mallory.send(xml("message", { to: room, type: "groupchat" }, xml("body", {}, body), ...extra));
    await speak("forged", forged(room));
    t.true(ageOf(await said(client, "forged")) < 60_000);
  });
}
