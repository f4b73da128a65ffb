import { parseTrustedXml, StanzaError, type XmlElement, xml } from "@larder/core";
import { Rooms } from "@larder/messages";
import test, { type ExecutionContext } from "ava";
import { alice, room, world } from "./support.js";

const NS_USER = "http://jabber.org/protocol/muc#user";

/** A room that answers at once; `selfPing` says what a ping to ourselves comes back with. */
async function roomWorld(t: ExecutionContext, selfPing: () => StanzaError | undefined) {
  const { store, account } = await world(t);
  const joins: XmlElement[] = [];
  let heard = () => {};
  let entered = 0;
  const rooms: Rooms = new Rooms(
    store,
    {
      id: account.id,
      jid: alice,
      online: () => true,
      roomPassword: () => undefined,
      keepRoomPassword: async () => {},
      send: async (stanza) => {
        joins.push(stanza);
        const answer = `<presence xmlns="jabber:client" from="${stanza.attrs.to}"><x xmlns="${NS_USER}"><item role="participant"/><status code="110"/></x></presence>`;
        await rooms.handlePresence(parseTrustedXml(answer));
      },
      requester: {
        account: alice,
        intercept: () => () => {},
        request: async (iq) => {
          const failure = iq.getChild("ping") && selfPing();
          if (failure) throw failure;
          return xml(
            "iq",
            { type: "result" },
            xml("query", { xmlns: "http://jabber.org/protocol/disco#info" }),
          );
        },
      },
    },
    {
      onJoined: () => {
        entered++;
        heard();
      },
      onRemoved: () => {},
      onError: (_, error) => t.log(String(error)),
      presenceExtra: () => [],
    },
  );
  t.teardown(() => rooms.stop());
  const joined = async (times: number) => {
    while (entered < times) await new Promise<void>((resolve) => (heard = resolve));
  };
  return { rooms, joins, joined };
}

test("a room that says by a self-ping that it has lost us is joined again (XEP-0410)", async (t) => {
  let lost = true;
  const { rooms, joins, joined } = await roomWorld(t, () => {
    const failure = lost ? new StanzaError("not-acceptable") : undefined;
    lost = false;
    return failure;
  });
  await rooms.join(room, { nick: "al" });
  rooms.resumed();
  await joined(2);
  t.deepEqual(
    joins.map(({ attrs }) => attrs.to),
    [`${room}/al`, `${room}/al`],
  );
});

for (const condition of ["service-unavailable", "item-not-found", "remote-server-timeout"])
  test(`a self-ping that ends with ${condition} does not make us join again`, async (t) => {
    let asked = () => {};
    const pinged = new Promise<void>((resolve) => (asked = resolve));
    const { rooms, joins } = await roomWorld(t, () => {
      asked();
      return new StanzaError(condition);
    });
    await rooms.join(room, { nick: "al" });
    rooms.resumed();
    await pinged;
    await new Promise((resolve) => setImmediate(resolve));
    t.is(joins.length, 1);
    t.true(rooms.isJoined(room));
  });
