import { startProsody } from "@larder/testing";
import test, { type ExecutionContext } from "ava";
import { Instance } from "./support.js";

const server = await startProsody();
test.after.always(() => server.stop());

const entry = (title: string) =>
  `<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><id>urn:x</id><updated>2026-01-01T00:00:00Z</updated></entry>`;

async function withNode(t: ExecutionContext) {
  await server.addUser("carol", "secret");
  const instance = await Instance.running(t);
  const account = `carol@${server.domain}`;
  await instance.json(
    ["account", "add", account, "--service", server.service, "--ca-file", server.caFile, "--no-auto-connect"],
    { env: { LARDER_PASSWORD: "secret" } },
  );
  await instance.json(["account", "connect", account]);
  const there = ["--service", server.pubsub];
  const larder = (...args: string[]) => instance.run([...args, ...there]);
  return { instance, larder, there };
}

test.serial(
  "a node is made, configured, subscribed to, explained, purged and deleted from the command line",
  async (t) => {
    const { instance, larder, there } = await withNode(t);
    const node = "urn:xmpp:microblog:0/news";
    const config = ["--config", "pubsub#access_model=open", "--config", "pubsub#max_items=50"];
    t.is((await larder("pubsub", "node", "create", node, ...config)).stdout, `created ${node}\n`);
    t.is(
      (await larder("pubsub", "node", "configure", node, "--config", "pubsub#title=News")).stdout,
      `configured ${node}\n`,
    );
    const nothing = await larder("pubsub", "node", "configure", node);
    t.is(nothing.code, 2);
    t.regex(nothing.stderr, /--config/);
    for (const title of ["Bread", "Salt"])
      await larder("pubsub", "publish", node, entry(title), "--id", title);

    t.is((await larder("pubsub", "subscriptions")).stdout, "no subscription\n");
    t.is((await larder("pubsub", "subscribe", node)).stdout, "subscribed\n");
    t.regex((await larder("pubsub", "subscriptions")).stdout, /urn:xmpp:microblog:0\/news +subscribed/);

    const before = await larder("pubsub", "cache", "explain", node);
    t.regex(before.stdout, /^new\n- The analyser microblog wants it; the first read of it starts/);
    t.is((await larder("pubsub", "cache", "sync", node)).code, 0);
    const synced = (await instance.json(["pubsub", "cache", "sync", node, ...there])) as { node: object };
    t.like(synced.node, { node, state: "synced", items: 2 });
    const after = await larder("pubsub", "cache", "explain", node);
    t.regex(after.stdout, /^synced\n- It is kept, and its service tells of every change\.\n/);
    t.regex(after.stdout, /subscribed +yes/);
    const explained = (await instance.json(["pubsub", "cache", "explain", node, ...there])) as {
      state: string;
    };
    t.is(explained.state, "synced");

    t.is((await larder("pubsub", "unsubscribe", node)).stdout, "none\n");
    t.regex(
      (await larder("pubsub", "cache", "explain", node)).stdout,
      /kept without a subscription.*subscribed +no/s,
    );

    const unasked = await larder("pubsub", "node", "purge", node);
    t.is(unasked.code, 2);
    t.regex(unasked.stderr, /--yes/);
    t.is((await larder("pubsub", "node", "purge", node, "--yes")).stdout, "purged\n");
    t.is((await larder("pubsub", "node", "delete", node, "--yes")).stdout, "deleted\n");
    t.is((await larder("pubsub", "cache", "get", node)).code, 4);
  },
);

test.serial("purging the cache takes a filter and a yes, and what is wrong with them is said", async (t) => {
  const { instance, larder } = await withNode(t);
  const node = "urn:xmpp:microblog:0/purged";
  await larder("pubsub", "node", "create", node, "--config", "pubsub#access_model=open");
  for (const title of ["Bread", "Salt"]) await larder("pubsub", "publish", node, entry(title));
  await larder("pubsub", "cache", "sync", node);

  const wrong = async (...args: string[]) => {
    const { code, stderr, stdout } = await instance.run(["pubsub", "cache", "purge", ...args]);
    t.is(code, 2);
    t.is(stdout, "");
    return stderr;
  };
  t.regex(await wrong("--yes"), /at least one filter/);
  t.regex(await wrong("--type", "blog"), /--yes/);
  t.regex(await wrong("--created-before", "lately", "--yes"), /--created-before: "lately" is no time/);
  const raw = await instance.run(["rpc", "ps_cache_purge", "{}"]);
  t.is(raw.code, 2);
  t.regex(raw.stderr, /at least one filter/);

  const purge = (...args: string[]) => instance.json(["pubsub", "cache", "purge", ...args, "--yes"]);
  t.deepEqual(await purge("--type", "event"), { deleted: 0 });
  t.deepEqual(await purge("--node", node, "--created-before", "30d"), { deleted: 0 });
  t.deepEqual(await purge("--type", "blog", "--subtype", ""), { deleted: 2 });
  await larder("pubsub", "cache", "sync", node);
  t.deepEqual(await instance.json(["pubsub", "cache", "reset", "--yes"]), { nodes: 1, items: 2 });
  t.regex((await instance.run(["pubsub", "cache", "nodes"])).stdout, /nothing is kept yet/);
});
