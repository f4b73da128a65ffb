import { discoInfo, getItems, publishItem, Session, xml } from "@larder/core";
import { type EjabberdServer, startEjabberd } from "@larder/testing";
import test from "ava";

const NS_MAM = "urn:xmpp:mam:2";

function sessionAt(server: EjabberdServer, name: string, service = server.service) {
  return new Session({
    jid: `${name}@${server.domain}`,
    password: async () => "secret",
    service,
    ca: server.ca,
    backOff: { initialMs: 10, maxMs: 100 },
  });
}

const posts = function* (count: number) {
  for (let i = 0; i < count; i++)
    yield {
      id: `é${i} "x"`,
      payload: `<entry xmlns='http://www.w3.org/2005/Atom'><title>${i}</title></entry>`,
    };
};

test("STARTTLS and direct TLS come online at ejabberd, and an account added later can log in", async (t) => {
  await using server = await startEjabberd({ users: { alice: "secret" } });
  await using starttls = sessionAt(server, "alice");
  await using direct = sessionAt(server, "alice", server.directTlsService);
  await Promise.all([starttls.connect(), direct.connect()]);
  t.true(starttls.serverFeatures?.streamManagement);
  await server.addUser("carol", "secret");
  await using carol = sessionAt(server, "carol");
  await carol.connect();
  t.is(carol.state, "online");
});

test("a node filled past ejabberd is read in order, by whoever asks, and takes new items", async (t) => {
  await using server = await startEjabberd({ users: { alice: "secret", bob: "secret" } });
  await using alice = sessionAt(server, "alice");
  await using bob = sessionAt(server, "bob");
  await Promise.all([alice.connect(), bob.connect()]);
  await server.fillNode("blog", posts(1200), { owner: "alice" });
  const service = server.pubsub;
  await publishItem(alice, { service, node: "blog", id: "new", payload: xml("x", { xmlns: "urn:x" }) });
  const page = await getItems(bob, { service, node: "blog", rsm: { max: 1000 } });
  t.is(page.items.length, 1000);
  t.is(page.items[999]?.id, 'é999 "x"');
  const rest = await getItems(bob, {
    service,
    node: "blog",
    rsm: { max: 1000, after: page.rsm?.last ?? "" },
  });
  t.is(rest.items.length, 201);
  t.is(rest.items.at(-1)?.id, "new");
});

test("a node filled past ejabberd may be an account's own, and survives a kill", async (t) => {
  await using server = await startEjabberd({ users: { alice: "secret", bob: "secret" } });
  const node = "urn:xmpp:microblog:0";
  await server.fillNode(node, posts(3), { owner: "alice", service: "pep" });
  await server.kill();
  await server.restart();
  await using bob = sessionAt(server, "bob");
  await bob.connect();
  const { items } = await getItems(bob, { service: `alice@${server.domain}`, node });
  t.deepEqual(
    items.map(({ id }) => id),
    ['é0 "x"', 'é1 "x"', 'é2 "x"'],
  );
});

test("accounts and rooms of ejabberd have an archive, unless it is switched off, and rooms are open at once", async (t) => {
  for (const mam of [true, false]) {
    await using server = await startEjabberd({ users: { alice: "secret" }, mam });
    await using alice = sessionAt(server, "alice");
    await alice.connect();
    const own = await discoInfo(alice, `alice@${server.domain}`);
    t.is(own.features.has(NS_MAM), mam);
    const room = `den@${server.rooms}`;
    await alice.sendTracked(
      xml("presence", { to: `${room}/a` }, xml("x", { xmlns: "http://jabber.org/protocol/muc" })),
    );
    const info = await discoInfo(alice, room);
    t.is(info.features.has(NS_MAM), mam);
    t.true(info.features.has("muc_open"));
  }
});
