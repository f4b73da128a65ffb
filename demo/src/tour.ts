import type { ProsodyServer } from "@larder/testing";
import type { DemoDaemon } from "./daemon.js";
import { followLive, publishFeed, readTwice, search } from "./feed-steps.js";
import { talk } from "./message-steps.js";
import { SignalWatch } from "./signals.js";
import { heading, milliseconds, say, seconds, strong } from "./tell.js";

/** Users of the demo's server, with their passwords. */
export const users = { alice: "wonderland", bob: "builder" };

const NODE = "bobs-blog";
const jidOf = (server: ProsodyServer, name: string) => `${name}@${server.domain}`;

/** The main job from the first login to the last reaction; what does not come out as told is an error. */
export async function tour(server: ProsodyServer, daemon: DemoDaemon): Promise<void> {
  const client = await daemon.connect();
  const signals = await SignalWatch.on(client);
  say(`${server.domain} at ${server.service}, encrypted, with a certificate authority made for the occasion`);

  heading("Two accounts log in");
  for (const [name, password] of Object.entries(users)) {
    const jid = jidOf(server, name);
    await client.call("account_add", {
      jid,
      password,
      service: server.service,
      caFile: server.caFile,
      autoConnect: false,
    });
    await client.call("account_connect", { account: jid });
    say(`${jid} is online`);
  }
  const alice = jidOf(server, "alice");
  const bob = jidOf(server, "bob");
  const place = { reader: alice, author: bob, service: server.pubsub, node: NODE };

  await publishFeed(client, place);
  const times = await readTwice(client, signals, place);
  await search(client);
  await followLive(client, signals, place);
  await talk(client, signals, alice, bob);

  const stats = await client.call("stats_get");
  heading("Done");
  say(
    `${stats.items} posts and ${stats.messages} messages kept in ${(stats.databaseBytes / 1_048_576).toFixed(1)} MiB of SQLite`,
  );
  say(
    `20 posts: ${milliseconds(times.service)} from the service, ${milliseconds(times.cache)} from the cache ` +
      `(${Math.round(times.service / times.cache)} times faster); all in ${seconds()} s`,
  );
}

/** Commands for whoever wants to look around in what the tour left. */
export function suggest(server: ProsodyServer, daemon: DemoDaemon): void {
  const alice = jidOf(server, "alice");
  const bob = jidOf(server, "bob");
  const run = `LARDER_HOME=${daemon.home} node_modules/.bin/larder`;
  heading("Server and daemon stay up until you press Ctrl-C. Try, in another terminal:");
  for (const command of [
    "status",
    "account list",
    `pubsub get ${NODE} --account ${alice} --service ${server.pubsub} --max-items 5`,
    'pubsub cache search --fts "bread"',
    `pubsub cache search --field lang == '"fr"' --key id --key title`,
    `history ${bob} --account ${alice}`,
    `send ${bob} "Hello" --account ${alice}`,
    "events --follow",
  ]) {
    say(`${strong(run)} ${command}`);
  }
}
