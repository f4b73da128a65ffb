import { discoInfo, StanzaError, type XmlElement, xml } from "@larder/core";
import { startEjabberd, startProsody, startTcpProxy } from "@larder/testing";
import test from "ava";
import { enterRoom, type TestOccupant, until } from "./occupant.js";
import { addAccount, addAgain, failure, startDaemon, type TestClient } from "./support.js";

const NS_ADMIN = "http://jabber.org/protocol/muc#admin";
const NS_OWNER = "http://jabber.org/protocol/muc#owner";

const servers = {
  Prosody: await startProsody({ resumptionSeconds: 0 }),
  ejabberd: await startEjabberd({ resumptionSeconds: 0 }),
};
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

let count = 0;

const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );

const stateOf = (client: TestClient, state: string) =>
  client.signal(({ signal, params }) => signal === "muc_state" && params.state === state && params);

const hears = (bob: TestOccupant, body: string) =>
  until(() => bob.seen.some((stanza) => stanza.getChildText("body") === body));

const standing = async (client: TestClient, account: string, room: string) =>
  (await client.call("muc_list", { account })).rooms.find((each) => each.room === room);

const request = (bob: TestOccupant, room: string, query: XmlElement) =>
  bob.session.request(xml("iq", { type: "set", to: room }, query));

const destroy = (bob: TestOccupant, room: string, reason: string, alternate: string) =>
  request(
    bob,
    room,
    xml("query", { xmlns: NS_OWNER }, xml("destroy", { jid: alternate }, xml("reason", {}, reason))),
  );

const administer = (bob: TestOccupant, room: string, item: Record<string, string>, reason: string) =>
  request(bob, room, xml("query", { xmlns: NS_ADMIN }, xml("item", item, xml("reason", {}, reason))));

for (const [name, server] of Object.entries(servers)) {
  const newRoom = () => `state${++count}@${server.rooms}`;

  test.serial(
    `${name}: a nick change that the room refuses leaves us in it, under the former nick`,
    async (t) => {
      const room = newRoom();
      const client = await (await startDaemon(t)).connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await enterRoom(server, room, "bob");
      t.teardown(() => bob.session.disconnect());
      await client.call("signals_subscribe", { signals: ["*"] });
      await client.call("muc_join", { account: alice, room, nick: "al" });
      t.like(await failure(client.call("muc_join", { account: alice, room, nick: "bob" })), {
        type: "conflict",
        condition: "conflict",
      });
      t.like(await standing(client, alice, room), { state: "joined", nick: "al" });
      await bob.say("still hearing me?");
      await said(client, "still hearing me?");
      const { message } = await client.call("message_send", {
        account: alice,
        to: room,
        body: "I am",
        wait: "sent",
      });
      t.is(message.from, `${room}/al`);
      await hears(bob, "I am");
      t.deepEqual(await client.call("muc_join", { account: alice, room }), { room, nick: "al" });
    },
  );

  test.serial(`${name}: a nick change that the room accepts forgets nobody who is there`, async (t) => {
    const room = newRoom();
    const client = await (await startDaemon(t)).connect();
    const alice = await addAccount(client, server, "alice");
    await client.call("muc_join", { account: alice, room, nick: "al" }); // who comes first owns it, and is shown who the others are
    const bob = await enterRoom(server, room, "bob");
    t.teardown(() => bob.session.disconnect());
    await client.call("signals_subscribe", { signals: ["*"] });
    await bob.say("before");
    const { realJid } = await said(client, "before");
    t.truthy(realJid);
    await client.call("muc_join", { account: alice, room, nick: "alice the second" });
    t.like(await stateOf(client, "joined"), { nick: "alice the second" });
    await bob.say("after");
    t.is((await said(client, "after")).realJid, realJid);
  });

  test.serial(
    `${name}: two daemons of one account that join under different nicks at once are both in`,
    async (t) => {
      const one = await (await startDaemon(t)).connect();
      const two = await (await startDaemon(t)).connect();
      const alice = await addAccount(one, server, "alice");
      await addAgain(two, server, alice, "alice");
      for (let round = 0; round < 3; round++) {
        const room = newRoom();
        const bob = await enterRoom(server, room, "bob");
        t.teardown(() => bob.session.disconnect());
        await Promise.all([
          one.call("muc_join", { account: alice, room, nick: "one" }),
          two.call("muc_join", { account: alice, room, nick: "two" }),
        ]);
        for (const client of [one, two]) {
          t.is((await standing(client, alice, room))?.state, "joined");
          const body = `from ${(await standing(client, alice, room))?.nick} in ${round}`;
          await client.call("message_send", { account: alice, to: room, body, wait: "sent" });
          await hears(bob, body);
        }
      }
    },
  );

  test.serial(
    `${name}: a room that was destroyed is told with reason and alternate, takes no more messages, and is neither joined nor made again`,
    async (t) => {
      const room = newRoom();
      const alternate = newRoom();
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await enterRoom(server, room, "bob");
      t.teardown(() => bob.session.disconnect());
      await client.call("muc_join", { account: alice, room, nick: "al" });
      await client.call("signals_subscribe", { signals: ["muc_state"] });
      await destroy(bob, room, "moved to a better place", alternate);
      const removed = { state: "removed", reason: "moved to a better place", alternate };
      t.like(await stateOf(client, "removed"), { account: alice, room, ...removed, origin: "live" });
      t.like(await standing(client, alice, room), removed);
      const refused = await failure(
        client.call("message_send", { account: alice, to: room, body: "hello?" }),
      );
      t.is(refused.type, "not_acceptable");
      t.regex(refused.message, /moved to a better place/);
      const { events } = await client.call("events_get", { signals: ["muc_state"] });
      t.deepEqual(
        events.map(({ params }) => params.state),
        ["joined", "removed"],
      );

      await daemon.end("SIGTERM");
      const again = await (await startDaemon(t, { home: daemon.home })).connect();
      await again.call("account_connect", { account: alice });
      const elsewhere = await (await startDaemon(t)).connect(); // it knows the bookmark alone
      await addAgain(elsewhere, server, alice, "alice");
      for (;;) {
        const there = await standing(elsewhere, alice, room);
        if (there?.state === "removed") break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      t.like(await standing(again, alice, room), removed);
      const gone = await t.throwsAsync(discoInfo(bob.session, room), { instanceOf: StanzaError });
      t.true(["item-not-found", "gone"].includes(gone?.condition ?? ""));
    },
  );

  for (const [what, item, reason] of [
    ["kick", { nick: "al", role: "none" }, "that will do"],
    ["ban", { affiliation: "outcast" }, "no more"],
  ] as const)
    test.serial(
      `${name}: a ${what} is told with its reason, and what was to be said fails with it`,
      async (t) => {
        const room = newRoom();
        const client = await (await startDaemon(t)).connect();
        const alice = await addAccount(client, server, "alice");
        const bob = await enterRoom(server, room, "bob");
        t.teardown(() => bob.session.disconnect());
        await client.call("muc_join", { account: alice, room, nick: "al" });
        await client.call("signals_subscribe", { signals: ["*"] });
        await administer(bob, room, what === "ban" ? { jid: alice, ...item } : item, reason);
        const told = await stateOf(client, "removed");
        t.like(told, { room, error: { type: "forbidden" } });
        t.true(told.reason?.includes(reason) ?? told.reason === undefined); // ejabberd gives none for some
        const refused = await failure(client.call("message_send", { account: alice, to: room, body: "but" }));
        t.is(refused.type, "not_acceptable");
        t.regex(refused.message, what === "ban" ? /banned/ : /kicked/);
      },
    );

  test.serial(
    `${name}: what is written while the session is lost waits until the room is joined again`,
    async (t) => {
      await using proxy = await startTcpProxy({ host: server.host, port: server.port });
      const room = newRoom();
      const client = await (await startDaemon(t)).connect();
      const user = `waiter${++count}`;
      await server.addUser(user, "alice");
      const alice = `${user}@${server.domain}`;
      await addAgain(
        client,
        {
          ...server,
          addUser: server.addUser,
          service: `xmpp://127.0.0.1:${proxy.port}`,
          domain: server.domain,
          caFile: server.caFile,
        },
        alice,
        "alice",
      );
      const bob = await enterRoom(server, room, "bob");
      t.teardown(() => bob.session.disconnect());
      await client.call("muc_join", { account: alice, room, nick: "al" });
      await client.call("signals_subscribe", { signals: ["*"] });
      const uids: string[] = [];
      for (let round = 0; round < 2; round++) {
        proxy.cut();
        const { message } = await client.call("message_send", {
          account: alice,
          to: room,
          body: `round ${round}`,
        });
        uids.push(message.uid);
        await hears(bob, `round ${round}`);
      }
      for (const uid of uids) {
        for (;;) {
          const { message } = await client.call("message_get", { account: alice, uid });
          t.not(message.state, "failed");
          if (message.state === "sent") break;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
      const bodies = bob.seen
        .map((stanza) => stanza.getChildText("body"))
        .filter((body) => body?.startsWith("round"));
      t.deepEqual(bodies, ["round 0", "round 1"]);
    },
  );
}
