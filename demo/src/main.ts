import { once } from "node:events";
import { parseArgs } from "node:util";
import { startProsody } from "@larder/testing";
import { DemoDaemon } from "./daemon.js";
import { followLive, publishFeed, readTwice, search } from "./feed-steps.js";
import { talk } from "./message-steps.js";
import { SignalWatch } from "./signals.js";
import { dim, heading, milliseconds, say, seconds, strong } from "./tell.js";

const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
const passwords = { alice: "wonderland", bob: "builder" };

heading("A private Prosody and a larderd start, in temporary directories");
await using server = await startProsody({ users: passwords });
await using daemon = await DemoDaemon.start();
const client = await daemon.connect();
const signals = await SignalWatch.on(client);
say(`${server.domain} at ${server.service}, encrypted, with a certificate authority made for the occasion`);

heading("Two accounts log in");
const jids: Record<string, string> = {};
for (const [name, password] of Object.entries(passwords)) {
  const jid = `${name}@${server.domain}`;
  jids[name] = jid;
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
const { alice = "", bob = "" } = jids;
const place = { reader: alice, author: bob, service: server.pubsub, node: "bobs-blog" };

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

if (values.keep) {
  const run = `LARDER_HOME=${daemon.home} node_modules/.bin/larder`;
  heading("Server and daemon stay up until you press Ctrl-C. Try, in another terminal:");
  for (const command of [
    "status",
    "account list",
    `pubsub get ${place.node} --account ${alice} --service ${place.service} --max-items 5`,
    'pubsub cache search --fts "bread"',
    `pubsub cache search --field lang == '"fr"' --key id --key title`,
    `history ${bob} --account ${alice}`,
    `send ${bob} "Hello" --account ${alice}`,
    "events --follow",
  ]) {
    say(`${strong(run)} ${command}`);
  }
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  say(dim("stopping"));
}
