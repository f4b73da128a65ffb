import { getItems, Session } from "@larder/core";
import { makeFeed, startEjabberd } from "@larder/testing";
import test from "ava";
import { addAgain, startDaemon, temporaryHome } from "./support.js";

const KILLS = process.env.LARDER_SOAK ? 50 : 3;
const POSTS = process.env.LARDER_SOAK ? 20_000 : 3000;

test("a daemon killed again and again while it reads a node goes on where it was, and ends equal to the server", async (t) => {
  t.timeout(KILLS * 60_000);
  await using server = await startEjabberd({ users: { alice: "alice", bob: "bob" }, resumptionSeconds: 3 });
  const node = "urn:xmpp:microblog:0/blog";
  const address = { service: server.pubsub, node };
  const feed = makeFeed({ ...address, count: POSTS, author: { name: "Bob", jid: `bob@${server.domain}` } });
  await server.fillNode(node, feed, { owner: "bob" });
  const home = await temporaryHome(t);
  const account = `alice@${server.domain}`;
  let most = 0;
  for (let kill = 0; ; kill++) {
    const daemon = await startDaemon(t, { home });
    const client = await daemon.connect();
    await client.call("signals_subscribe", { signals: ["ps_cache_progress"] });
    if (kill === 0) {
      await addAgain(client, server, account, "alice");
      client.call("ps_cache_sync", { account, ...address }).catch(() => {}); // it is killed on the way
    } else await client.call("account_connect", { account });
    if (kill < KILLS) {
      const progress = await client.signal(({ signal, params }) => signal === "ps_cache_progress" && params);
      most = Math.max(most, progress.received);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100)); // a moment nobody can foresee
      await daemon.end("SIGKILL");
      continue;
    }
    for (;;) {
      const { state } = await client.call("ps_cache_explain", { account, ...address });
      if (state === "synced") break;
      await client.signal(({ signal }) => signal === "ps_cache_progress");
    }
    await using bob = new Session({
      jid: `bob@${server.domain}`,
      password: async () => "bob",
      service: server.service,
      ca: server.ca,
    });
    await bob.connect();
    let after: string | undefined;
    let cursor: string | undefined;
    for (let read = 0; ; ) {
      const there = await getItems(bob, { ...address, rsm: { max: 500, after } });
      const kept = await client.call("ps_cache_get", {
        account,
        ...address,
        rsm: { max: 500, after: cursor },
      });
      t.deepEqual(
        kept.items.map((item) => item.xml),
        there.items.map((item) => item.xml),
      );
      read += kept.items.length;
      if (kept.complete) {
        t.is(read, POSTS);
        break;
      }
      after = there.rsm?.last;
      cursor = kept.rsm?.last;
    }
    t.is(await daemon.end("SIGTERM"), 0);
    break;
  }
  t.true(most > 0);
});
