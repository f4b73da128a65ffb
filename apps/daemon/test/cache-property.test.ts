import {
  createNode,
  deleteNode,
  getItems,
  parseTrustedXml,
  publishItem,
  purgeNode,
  retractItem,
  Session,
  saysTheSame,
} from "@larder/core";
import { startProsody } from "@larder/testing";
import test from "ava";
import fc from "fast-check";
import { addAccount, type RunningDaemon, startDaemon, type TestClient, temporaryHome } from "./support.js";

const RUNS = process.env.LARDER_SOAK ? 200 : 10;

/** What may happen to a node, and to who keeps it. */
type Step =
  | { readonly do: "publish" | "overwrite"; readonly id: number }
  | { readonly do: "retract"; readonly id: number; readonly notify: boolean }
  /** The same by the account that keeps the node, through the daemon. */
  | { readonly do: "publishOurselves" | "retractOurselves"; readonly id: number }
  /** The same content again, its attributes in another order. */
  | { readonly do: "turnRound"; readonly id: number }
  | { readonly do: "purge" | "purgeOurselves" | "makeAnew" | "disconnect" | "connect" | "kill" };

const id = fc.integer({ min: 0, max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("publish" as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("overwrite" as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("retract" as const), id, notify: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("publishOurselves" as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("retractOurselves" as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("turnRound" as const), id }) },
  { weight: 1, arbitrary: fc.constant({ do: "purge" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "purgeOurselves" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "makeAnew" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "disconnect" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "connect" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "kill" as const }) },
);

const LINK = ['rel="alternate"', 'href="https://a.example/"', 'type="text/html"', 'hreflang="en"'];

/** @param turned by how many places the attributes are turned round */
const entryXml = (title: string, turned = 0): string =>
  `<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><link ${[...LINK.slice(turned), ...LINK.slice(0, turned)].join(" ")}/></entry>`;
const entry = (title: string, turned = 0) => parseTrustedXml(entryXml(title, turned));

/** Fewer than the ids that are published, so that a full node drops items. */
const MAX_ITEMS = 28;

test("any sequence of publishing, overwriting, retracting and purging, by others and ourselves, of full nodes and nodes made anew, of disconnecting and killing, ends with the cache equal to the server", async (t) => {
  t.timeout(RUNS * 60_000);
  await using server = await startProsody({ users: { bob: "bob" }, resumptionSeconds: 5 });
  await using bob = new Session({
    jid: `bob@${server.domain}`,
    password: async () => "bob",
    service: server.service,
    ca: server.ca,
  });
  await bob.connect();
  const home = await temporaryHome(t);
  let daemon: RunningDaemon = await startDaemon(t, { home });
  let client: TestClient = await daemon.connect();
  const account = await addAccount(client, server, "alice");
  await client.call("signals_subscribe", { signals: ["ps_cache_progress"] });
  let online = true;
  const setOnline = async (wanted: boolean) => {
    if (wanted === online) return;
    await client.call(wanted ? "account_connect" : "account_disconnect", { account });
    online = wanted;
  };
  const restart = async () => {
    await daemon.end("SIGKILL");
    daemon = await startDaemon(t, { home });
    client = await daemon.connect();
    await client.call("signals_subscribe", { signals: ["ps_cache_progress"] });
    if (online) await client.call("account_connect", { account });
  };

  let nodes = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      const address = { service: server.pubsub, node: `urn:xmpp:microblog:0/${++nodes}` };
      const make = async () => {
        const config = { "pubsub#access_model": "open", "pubsub#max_items": String(MAX_ITEMS) };
        await createNode(bob, { ...address, config });
        await bob.request(
          parseTrustedXml(
            `<iq xmlns="jabber:client" type="set" to="${address.service}"><pubsub xmlns="http://jabber.org/protocol/pubsub#owner"><affiliations node="${address.node}"><affiliation jid="${account}" affiliation="owner"/></affiliations></pubsub></iq>`,
          ),
        );
      };
      const contents = new Map<number, string>();
      const ours = { account, ...address };
      await make();
      for (let n = 0; n < 25; n++)
        await publishItem(bob, { ...address, id: `i${n}`, payload: entry(`old ${n}`) });
      await setOnline(true);
      await client.call("ps_cache_sync", { account, ...address });
      const act = async (what: Step, at: number): Promise<void> => {
        switch (what.do) {
          case "publish":
          case "overwrite":
            contents.set(what.id, `${what.do} ${at}`);
            await publishItem(bob, { ...address, id: `i${what.id}`, payload: entry(`${what.do} ${at}`) });
            return;
          case "turnRound": {
            const content = contents.get(what.id) ?? `old ${what.id}`;
            await publishItem(bob, { ...address, id: `i${what.id}`, payload: entry(content, 1 + (at % 3)) });
            return;
          }
          case "publishOurselves": {
            if (!online) return;
            const id = `i${what.id}`;
            contents.set(what.id, `ours ${at}`);
            await client.call("ps_item_publish", { ...ours, id, payload: entryXml(`ours ${at}`) });
            const { items } = await client.call("ps_items_get", { ...ours, itemIds: [id] });
            t.true(items[0]?.xml.includes(`ours ${at}`), "what we have published is read at once");
            return;
          }
          case "retractOurselves": {
            if (!online) return;
            const id = `i${what.id}`;
            // One that is not there is an error.
            await client.call("ps_item_retract", { ...ours, id, notify: false }).catch(() => {});
            const { items } = await client.call("ps_items_get", { ...ours, itemIds: [id] });
            t.deepEqual(items, [], "what we have retracted is not read any more");
            return;
          }
          case "purgeOurselves":
            if (online) await client.call("ps_node_purge", ours);
            return;
          case "makeAnew":
            await deleteNode(bob, address.service, address.node);
            await make();
            return;
          case "retract":
            // One that is not there is an error, which is no business of this test.
            await retractItem(bob, { ...address, id: `i${what.id}`, notify: what.notify }).catch(() => {});
            return;
          case "purge":
            return purgeNode(bob, address.service, address.node);
          case "kill":
            return restart();
          default:
            return setOnline(what.do === "connect");
        }
      };
      for (const [at, what] of steps.entries()) await act(what, at);
      // A last absence, after which everything has to be found, also what nobody told.
      await setOnline(false);
      const from = new Date();
      await setOnline(true);
      for (;;) {
        const { state, lastCheck = "" } = await client.call("ps_cache_explain", ours);
        if (state === "new") await client.call("ps_cache_sync", ours); // it was made anew, and nobody has read it
        if (state === "synced" && new Date(lastCheck) >= from) break;
        await client.signal(
          ({ signal, params }) => signal === "ps_cache_progress" && params.node === address.node,
        );
      }
      const cached = await client.call("ps_cache_get", ours);
      const { items } = await getItems(bob, address);
      t.deepEqual(
        cached.items.map((item) => item.id),
        items.map((item) => item.id),
        JSON.stringify(steps),
      );
      const there = new Map(items.map((item) => [item.id, item]));
      for (const item of cached.items)
        t.true(
          saysTheSame(item, there.get(item.id) ?? { xml: "" }),
          `${item.id} in ${JSON.stringify(steps)}`,
        );
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});
