import { createNode, getItems, publishItem, xml } from "@larder/core";
import { attachmentNode } from "@larder/reactions";
import { startEjabberd, startProsody, type XmppServer } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { addAccount, failure, startDaemon } from "./support.js";

const servers: Record<string, Promise<XmppServer>> = {};
const serverOf = (name: string): Promise<XmppServer> => {
  servers[name] ??= name === "Prosody" ? startProsody() : startEjabberd();
  return servers[name];
};
test.after.always(async () => {
  for (const server of Object.values(servers)) await (await server).stop();
});

let count = 0;
const post = () =>
  xml("entry", { xmlns: "http://www.w3.org/2005/Atom" }, xml("title", {}, "Balcony restored"));
const LATER = "urn:example:later";

for (const name of ["Prosody", "ejabberd"]) {
  test.serial(
    `${name}: we react to a post, keep what another client has attached there, and see what everybody has attached`,
    async (t) => {
      const server = await serverOf(name);
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const user = `juliet${++count}`;
      await server.addUser(user, "juliet");
      const service = `${user}@${server.domain}`;
      const juliet = await openSession(server, service, "juliet");
      const other = await openSession(server, alice, "alice");
      t.teardown(() => Promise.all([juliet.disconnect(), other.disconnect()]));
      const item = { service, node: "urn:xmpp:microblog:0", id: "balcony" };
      const open = { "pubsub#access_model": "open" };
      await createNode(juliet, { service, node: item.node, config: open });
      await publishItem(juliet, { ...item, payload: post() });
      const target = { account: alice, service, node: item.node, id: item.id };
      const nobody = await failure(client.call("ps_item_reactions_set", { ...target, reactions: ["👷"] }));
      // Prosody does not say what is not there to whoever could not read it.
      t.is(nobody.type, name === "Prosody" ? "forbidden" : "not_found", nobody.message);

      const node = attachmentNode(item);
      const config = { ...open, "pubsub#publish_model": "open", "pubsub#max_items": "100" };
      await createNode(juliet, { service, node, config });
      const unknown = xml(
        "attachments",
        { xmlns: "urn:xmpp:pubsub-attachments:1" },
        xml("rate", { xmlns: LATER }),
      );
      await publishItem(other, { service, node, id: alice, payload: unknown });
      t.deepEqual(await client.call("ps_item_reactions_set", { ...target, reactions: ["👷", "\u2764"] }), {
        noticed: false,
        reactions: ["👷", "❤️"],
      });
      t.deepEqual(await client.call("ps_item_noticed_set", target), {
        noticed: true,
        reactions: ["👷", "❤️"],
      });
      const { items } = await getItems(juliet, { service, node });
      t.is(items.length, 1);
      t.is(items[0]?.id, alice);
      t.true(items[0]?.xml.includes(LATER), items[0]?.xml);
      const hers = xml(
        "attachments",
        { xmlns: "urn:xmpp:pubsub-attachments:1" },
        xml("reactions", {}, xml("reaction", {}, "👷")),
      );
      await publishItem(juliet, { service, node, id: service, payload: hers });
      await publishItem(juliet, { service, node, id: "mallory@evil.test", payload: hers }); // in another's name

      const read = async () => {
        const page = await client.call("ps_items_get", {
          account: alice,
          service,
          node: item.node,
          withAttachments: true,
        });
        const { noticed, reactions } = page.items[0]?.attachments ?? {};
        return {
          noticed: noticed?.count,
          reactions: reactions?.map((each) => [each.emoji, each.count, each.mine]),
          publisher: items[0]?.publisher !== undefined,
        };
      };
      const seen = await read();
      // Without the publisher's name from the service, nobody can tell who has written it.
      const forged = seen.publisher ? 0 : 1;
      t.deepEqual(seen.reactions, [
        ["👷", 2 + forged, true],
        ["❤️", 1, true],
      ]);
      t.is(seen.noticed, 1);
      await client.call("ps_item_reactions_set", { ...target, reactions: ["👷"], updateType: "remove" });
      for (;;) {
        const after = await read(); // the cache follows the node now
        const [, times, mine] = after.reactions?.find(([emoji]) => emoji === "👷") ?? [];
        if (mine === false) {
          // A notification names the publisher, where an answer does not: then the forgery is known.
          t.true(times === 1 || times === 1 + forged, `${times}`);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      t.pass();
    },
  );
}

test.serial("to a post of our own we can react first, and others by the same access", async (t) => {
  const server = await serverOf("Prosody");
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const node = "urn:xmpp:microblog:0";
  await client.call("ps_node_create", { account: alice, node, config: { "pubsub#access_model": "open" } });
  const { id } = await client.call("ps_item_publish", { account: alice, node, payload: post().toString() });
  t.deepEqual(await client.call("ps_item_reactions_set", { account: alice, node, id, reactions: ["🎉"] }), {
    noticed: false,
    reactions: ["🎉"],
  });
  await server.addUser(`reader${++count}`, "reader");
  const reader = await openSession(server, `reader${count}@${server.domain}`, "reader");
  t.teardown(() => reader.disconnect());
  const { items } = await getItems(reader, {
    service: alice,
    node: attachmentNode({ service: alice, node, id }),
  });
  t.deepEqual(
    items.map((item) => item.id),
    [alice],
  );
});
