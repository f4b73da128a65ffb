import { isBlocked, type Requester, StanzaError, xml } from "@larder/core";
import { BlockList } from "@larder/messages";
import test from "ava";

const answering = (...jids: string[]): Requester => ({
  account: "alice@larder.test",
  request: async () =>
    xml(
      "iq",
      { type: "result" },
      xml("blocklist", { xmlns: "urn:xmpp:blocking" }, ...jids.map((jid) => xml("item", { jid }))),
    ),
});

test("a list names an address as it is, its bare JID, its domain, or the domain with the resource", (t) => {
  const blocked = (...list: string[]) => isBlocked(new Set(list), "bob@a.test/x");
  for (const name of ["bob@a.test/x", "bob@a.test", "a.test", "a.test/x"]) t.true(blocked(name), name);
  for (const name of ["bob@a.test/y", "bob@b.test", "b.test", "a.test/y", "bob"])
    t.false(blocked(name), name);
});

test("the list follows what the server tells, and unblocking nobody in particular unblocks all", async (t) => {
  const list = new BlockList();
  await list.fetch(answering("Bob@a.test", "b.test"));
  t.true(list.has("bob@a.test/phone"));
  t.throws(() => list.check("carol@b.test"), { message: /carol@b.test is blocked/ });
  list.block(["dave@c.test"]);
  list.unblock(["b.test"]);
  t.deepEqual(
    ["bob@a.test", "carol@b.test", "dave@c.test"].map((jid) => list.has(jid)),
    [true, false, true],
  );
  list.unblock([]);
  t.notThrows(() => list.check("bob@a.test"));
});

test("a server without a list blocks nobody", async (t) => {
  const list = new BlockList();
  list.block(["bob@a.test"]);
  await list.fetch({
    account: "alice@larder.test",
    request: () => Promise.reject(new StanzaError("service-unavailable")),
  });
  t.false(list.has("bob@a.test"));
});
