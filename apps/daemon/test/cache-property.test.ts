import {
  createNode,
  getItems,
  parseTrustedXml,
  publishItem,
  purgeNode,
  retractItem,
  Session,
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
  | { readonly do: "purge" | "disconnect" | "connect" | "kill" };

const id = fc.integer({ min: 0, max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("publish" as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("overwrite" as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("retract" as const), id, notify: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ do: "purge" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "disconnect" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "connect" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "kill" as const }) },
);

const entry = (title: string) =>
  parseTrustedXml(`<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title></entry>`);

test("any sequence of publishing, overwriting, retracting, purging, disconnecting and killing ends with the cache equal to the server", async (t) => {
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
      const config = { "pubsub#access_model": "open", "pubsub#max_items": "1000" };
      await createNode(bob, { ...address, config });
      for (let n = 0; n < 25; n++)
        await publishItem(bob, { ...address, id: `i${n}`, payload: entry(`old ${n}`) });
      await setOnline(true);
      await client.call("ps_cache_sync", { account, ...address });
      const act = async (what: Step, at: number): Promise<void> => {
        switch (what.do) {
          case "publish":
          case "overwrite":
            await publishItem(bob, { ...address, id: `i${what.id}`, payload: entry(`${what.do} ${at}`) });
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
        const { state, lastCheck = "" } = await client.call("ps_cache_explain", { account, ...address });
        if (state === "synced" && new Date(lastCheck) >= from) break;
        await client.signal(
          ({ signal, params }) => signal === "ps_cache_progress" && params.node === address.node,
        );
      }
      const cached = await client.call("ps_items_get", { account, ...address });
      t.is(cached.source, "cache");
      const { items } = await getItems(bob, address);
      t.deepEqual(
        cached.items.map((item) => item.xml),
        items.map((item) => item.xml),
        JSON.stringify(steps),
      );
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});
