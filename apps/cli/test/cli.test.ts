import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { BridgeClient, socketCandidates } from "@larder/core/bridge";
import { startProsody } from "@larder/testing";
import test from "ava";
import { Instance, larder } from "./support.js";

const server = await startProsody({ users: { alice: "wonderland", bob: "builder" } });
test.after.always(() => server.stop());

const alice = `alice@${server.domain}`;
const bob = `bob@${server.domain}`;

async function addAccounts(instance: Instance): Promise<void> {
  const where = ["--service", server.service, "--ca-file", server.caFile];
  await instance.json(["account", "add", alice, ...where], { env: { LARDER_PASSWORD: "wonderland" } });
  await instance.json(["account", "add", bob, ...where, "--no-auto-connect"], { input: "builder\n" });
  for (const jid of [alice, bob]) await instance.json(["account", "connect", jid]);
}

const entry = (title: string) =>
  `<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><id>x</id><updated>2026-01-01T00:00:00Z</updated><category term="News"/></entry>`;

test.serial("the quick start works from the first command to the last", async (t) => {
  const instance = await Instance.running(t);
  const status = await instance.run(["status"]);
  t.is(status.code, 0);
  t.regex(
    status.stdout,
    /larder \d+\.\d+\.\d+ \(bridge 1\) is running\naccounts {3}none yet: larder account add JID/,
  );
  await addAccounts(instance);
  const listed = await instance.run(["account", "list"]);
  t.regex(
    listed.stdout,
    /ACCOUNT +STATE +CONNECTS +LAST ERROR\nalice@larder\.test +online +by itself\nbob@larder\.test +online/,
  );

  const place = ["--account", alice, "--service", server.pubsub];
  t.is(
    (await instance.run(["pubsub", "node", "create", "news", ...place, "--config", "pubsub#max_items=100"]))
      .stdout,
    "created news\n",
  );
  await instance.json(["pubsub", "publish", "news", "--id", "one", ...place], { input: entry("Übermorgen") });
  t.is(
    (await instance.run(["pubsub", "publish", "news", entry("Two"), "--id", "two", ...place])).stdout,
    "published as two\n",
  );
  t.regex((await instance.run(["pubsub", "get", "news", ...place])).stdout, /2 items from the service/);
  t.regex(
    (await instance.run(["pubsub", "cache", "sync", "news", ...place])).stdout,
    /^news: 2 items, synced\n$/,
  );
  t.regex(
    (await instance.run(["pubsub", "get", "news", ...place])).stdout,
    /one +2026-01-01 00:00 +Übermorgen\ntwo .*\n2 items from the cache/s,
  );
  t.regex(
    (await instance.run(["pubsub", "cache", "nodes"])).stdout,
    /pubsub\.larder\.test +news +blog +synced +2 /,
  );
  t.like(await instance.json(["pubsub", "cache", "search", "--fts", "ubermorgen"]), {
    items: [{ id: "one" }],
  });
  t.like(
    await instance.json([
      "pubsub",
      "cache",
      "search",
      "--field",
      "tags",
      "ioverlap",
      '["news"]',
      "--field",
      "title",
      "like",
      "T%",
      "--with-total",
    ]),
    { items: [{ id: "two" }], total: 1 },
  );
  t.regex(
    (
      await instance.run([
        "pubsub",
        "cache",
        "search",
        "--order-by",
        "title:desc",
        "--key",
        "id",
        "--key",
        "tags.0",
      ])
    ).stdout,
    /ID +TAGS\.0\none +News\ntwo +News\n2 found/,
  );
  t.is(
    (await instance.run(["pubsub", "subscribe", "news", "--account", bob, "--service", server.pubsub]))
      .stdout,
    "subscribed\n",
  );
  t.is((await instance.run(["pubsub", "retract", "news", "two", ...place])).stdout, "retracted\n");

  const { message } = (await instance.json(["send", bob, "--account", alice, "--wait", "sent"], {
    input: "Tea?\nNow?\n",
  })) as {
    message: { uid: string; bodies: { text: string }[]; state: string };
  };
  t.like(message, { bodies: [{ text: "Tea?\nNow?" }], state: "sent" });
  t.like(await instance.json(["react", message.uid, "👍", "❤"]), {
    message: { reactions: [{ emoji: "👍" }, { emoji: "❤️" }] },
  });
  t.like(await instance.json(["react", message.uid, "👍", "--toggle"]), {
    message: { reactions: [{ emoji: "❤️", count: 1, mine: true }] },
  });
  const log = await instance.run(["reactions", message.uid]);
  t.regex(log.stdout, /WHEN +WHO +CHANGE +SET\n[^\n]+ me +\+👍 \+❤️ +👍 ❤️\n[^\n]+ me +-👍 +❤️\n/u);
  const told = await instance.run(["events", "--signal", "message_update"]);
  t.regex(told.stdout, /Tea\? Now\? \[reactions by me: -👍\] ❤️ 1 /u);
  await instance.json(["pubsub", "node", "create", "own", "--account", alice]);
  await instance.json(["pubsub", "publish", "own", entry("Mine"), "--id", "one", "--account", alice]);
  const reacted = await instance.run(["pubsub", "react", "own", "one", "🎉", "--add", "--account", alice]);
  t.is(reacted.stdout, "🎉\n");
  const noticed = await instance.run(["pubsub", "noticed", "own", "one", "--account", alice]);
  t.is(noticed.stdout, "noticed  🎉\n");
  const attached = await instance.run(["pubsub", "get", "own", "--with-attachments", "--account", alice]);
  t.regex(attached.stdout, /TITLE +ATTACHED\none .* Mine .*noticed 1 \(me\) {2}🎉 1 \(me\)\n/u);
  const history = await instance.run(["history", bob, "--account", alice]);
  t.regex(
    history.stdout,
    /me to bob@larder\.test \(sent\) {2}[0-9a-f-]{36}\n {4}Tea\?\n {4}Now\?\n {4}❤️ 1 \(me\)\n/,
  );
  t.is((await instance.run(["roster", "--account", alice])).code, 0);

  const events = (await instance.run(["events", "--json", "--signal", "message_new"])).stdout
    .trim()
    .split("\n");
  const first = JSON.parse(events[0] ?? "") as { signal: string; cursor: string };
  t.is(first.signal, "message_new");
  const later = (await instance.run(["events", "--json", "--since", first.cursor, "--signal", "message_new"]))
    .stdout;
  t.false(later.includes(first.cursor));
  t.like(await instance.json(["rpc", "version_get"]), { name: "larder" });
});

test.serial(
  "adding an account says whether it is online, and one that is not stays and can be mended",
  async (t) => {
    const instance = await Instance.running(t);
    const where = ["--service", server.service, "--ca-file", server.caFile ?? ""];
    const wrong = await instance.run(["account", "add", alice, ...where], { input: "wrong" });
    t.is(wrong.code, 1);
    t.regex(
      wrong.stderr,
      /alice@larder\.test was added, but it is not online: .*password.*larder account password/,
    );
    t.is(wrong.stdout, "");
    t.like(await instance.json(["account", "list"]), { accounts: [{ account: alice }] });
    t.is(
      (await instance.run(["account", "password", alice], { input: "wonderland\n" })).stdout,
      "the password was changed\n",
    );
    t.is((await instance.run(["account", "connect", alice])).stdout, "online\n");

    for (const [options, why] of [
      [["--service", server.service], /authority that is not trusted/],
      [["--service", "xmpp://127.0.0.1:1"], /connection refused/],
    ] as const) {
      const refused = await instance.run(["account", "add", bob, ...options], { input: "builder" });
      t.is(refused.code, 1);
      t.regex(refused.stderr, why);
      t.is(refused.stderr.trimEnd().split("\n").length, 1);
      if (options[1] === server.service) await instance.run(["account", "remove", bob, "--yes"]);
    }
    t.is((await instance.run(["account", "edit", bob])).code, 2);
    t.regex(
      (await instance.run(["account", "edit", bob, "--service", "nonsense"])).stderr,
      /service: takes xmpp:/,
    );
    t.is((await instance.run(["account", "edit", bob, ...where])).stdout, "changed\n");
    t.is((await instance.run(["account", "connect", bob])).stdout, "online\n");
    await instance.run(["account", "remove", bob, "--yes"]);
    const scripted = await instance.run(
      ["account", "add", bob, "--service", "xmpp://127.0.0.1:1", "--no-wait"],
      { input: "x" },
    );
    t.is(scripted.code, 0);
    t.is(scripted.stdout, `${bob} was added\n`);
  },
);

test("a daemon is found in the runtime directory of its login also without being told of it, and the other way round", async (t) => {
  const uid = process.getuid?.();
  t.deepEqual(socketCandidates({ HOME: "/h" }, uid), [
    "/h/.local/state/larder/larder.sock",
    `/run/user/${uid}/larder/larder.sock`,
  ]);
  t.deepEqual(socketCandidates({ HOME: "/h", XDG_RUNTIME_DIR: "/r" }, uid), [
    "/r/larder/larder.sock",
    `/run/user/${uid}/larder/larder.sock`,
    "/h/.local/state/larder/larder.sock",
  ]);
  t.deepEqual(socketCandidates({ LARDER_HOME: "/l", XDG_RUNTIME_DIR: "/r" }, uid), ["/l/larder.sock"]);
  const instance = await Instance.running(t);
  const missing = join(instance.home, "larder.sock.not");
  await using client = await BridgeClient.connectAny([missing, join(instance.home, "larder.sock")]);
  t.like(await client.call("version_get"), { name: "larder" });
  await t.throwsAsync(BridgeClient.connectAny([missing, `${missing}2`]), {
    message: /no Larder daemon answers at .* or /,
  });
});

test("a socket that this user may not open is told as such, and not as no daemon", async (t) => {
  const instance = await Instance.running(t);
  const socket = join(instance.home, "larder.sock");
  // Root may open any: another user tries, once everything is loaded that only root can read.
  const program = `
    import { BridgeClient } from ${JSON.stringify(import.meta.resolve("@larder/core/bridge"))};
    if (process.getuid() === 0) process.setuid(65534);
    await BridgeClient.connectAny(["/nowhere.sock", ${JSON.stringify(socket)}]).catch(({ message }) => console.log(message));`;
  if (process.getuid?.() !== 0) await chmod(socket, 0);
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
  t.regex(said, /^permission denied: .*larder\.sock is another user's/);
});

test("what goes wrong has the exit code of the contract and a line on standard error alone", async (t) => {
  const instance = await Instance.running(t);
  await instance.json(
    ["account", "add", "nobody@larder.test", "--service", "xmpp://127.0.0.1:1", "--no-auto-connect"],
    { input: "x" },
  );
  const cases: [args: string[], code: number, stderr: RegExp][] = [
    [["nonsense"], 2, /unknown command 'nonsense'/],
    [[], 2, /larder --help/],
    [["history", "--limit", "many"], 2, /whole number/],
    [["history", "--limit", "5000"], 2, /limit: .*1000/],
    [["history", "not a jid@"], 2, /conversation: .*not a JID/],
    [["send", "bob@larder.test"], 2, /is empty/],
    [["react", "x"], 2, /give an emoji/],
    [["react", "x", "👍", "--add", "--remove"], 2, /exclude each other/],
    [["react", "no-such-uid", "👍"], 4, /no message has the uid/],
    [["pubsub", "get", "node"], 5, /not connected/],
    [["pubsub", "cache", "get", "node"], 4, /not cached/],
    [["pubsub", "cache", "search", "--field", "a", "=="], 2, /PATH OP VALUE/],
    [["pubsub", "cache", "search", "--field", "a", "~", "1"], 2, /parsed\.0\.op/],
    [["pubsub", "cache", "search", "--fts", "NOT x"], 2, /fts: /],
    [["pubsub", "cache", "search", "--order-by", "published:dsec"], 2, /"dsec" is no direction/],
    [["pubsub", "cache", "search", "--order-by", '["a:b",0]:down'], 2, /"down" is no direction/],
    [["account", "remove", "nobody@larder.test"], 2, /--yes/],
    [["account", "connect"], 1, /127\.0\.0\.1/],
    [["account", "add", "x@y.example"], 2, /no password/],
    [["rpc", "no_such_method"], 2, /./],
    [["rpc", "version_get", "{"], 2, /not JSON/],
    [["events", "--since", "nonsense"], 4, /another event log/],
  ];
  for (const [args, code, stderr] of cases) {
    const ended = await instance.run(args);
    t.is(ended.code, code, `larder ${args.join(" ")}: ${ended.stderr}`);
    t.regex(ended.stderr, stderr);
    t.is(ended.stdout, "");
    t.is(ended.stderr.trimEnd().split("\n").length, 1, ended.stderr);
  }
  const json = await instance.run(["history", "--limit", "5000", "--json"]);
  t.like(JSON.parse(json.stderr), { error: { path: "limit" } });
});

test("a follower whose daemon ends says with which cursor to go on, and ends with 3", async (t) => {
  const instance = await Instance.empty(t);
  const daemon = await instance.startDaemon(t);
  await instance.run(["status", "--wait", "30"]);
  const following = instance.run(["events", "--follow", "--json"]);
  const followed = async () =>
    ((await instance.json(["status"])) as { bridge: { connections: number } }).bridge.connections === 2;
  while (!(await followed()));
  daemon.kill("SIGTERM");
  const { code, stderr } = await following;
  t.is(code, 3);
  const since = /the daemon has ended; --since (\S+) goes on/.exec(stderr)?.[1] ?? "";
  await instance.startDaemon(t);
  await instance.run(["status", "--wait", "30"]);
  t.deepEqual(await instance.run(["events", "--since", since]), { code: 0, stdout: "", stderr: "" });
});

test("a result that cannot be written is a failure that says why, and a reader that has enough is none", async (t) => {
  const shell = async (line: string) => {
    const child = spawn("bash", ["-c", `set -o pipefail; ${line}`, "bash", process.execPath, larder]);
    const stderr = text(child.stderr);
    const [code] = (await once(child, "close")) as [number];
    return { code, stderr: await stderr };
  };
  t.deepEqual(await shell('"$@" completion bash | head -n 1 >/dev/null'), { code: 0, stderr: "" });
  const full = await shell('NO_COLOR=1 "$@" completion bash >/dev/full');
  t.is(full.code, 1);
  t.regex(full.stderr, /^larder: standard output cannot be written to \(ENOSPC\)\n$/);
});

test("without a daemon every command says so and ends with 3, and status waits as long as it is told", async (t) => {
  const instance = await Instance.empty(t);
  for (const args of [
    ["status"],
    ["history"],
    ["pubsub", "cache", "nodes"],
    ["rpc", "version_get"],
    ["status", "--wait", "0.2"],
  ]) {
    const ended = await instance.run(args);
    t.is(ended.code, 3, args.join(" "));
    t.regex(ended.stderr, /no Larder daemon answers at .*larder\.sock; start it with larderd/);
  }
  const waiting = instance.run(["status", "--wait", "30"]);
  await instance.startDaemon(t);
  t.is((await waiting).code, 0);
});

test("every command has help that ends with 0, and the help of options comes from the schemas", async (t) => {
  const instance = await Instance.empty(t);
  for (const args of [
    ["--help"],
    ["pubsub", "cache", "search", "--help"],
    ["account", "add", "--help"],
    ["--version"],
  ]) {
    t.is((await instance.run(args)).code, 0);
  }
  const { stdout } = await instance.run(["pubsub", "get", "--help"]);
  t.regex(stdout, /--max-items <n> +the newest so many/);
  t.regex(stdout, /--no-use-cache +false asks the service/);
});

test("completion knows the commands, their options and the shells", async (t) => {
  const instance = await Instance.empty(t);
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = await instance.run(["completion", shell]);
    t.is(script.code, 0);
    t.regex(script.stdout, /larder complete/);
  }
  t.is((await instance.run(["completion", "tcsh"])).code, 2);
  t.regex((await instance.run(["complete", "--", "pubsub", "cache", "s"])).stdout, /^search\t.*\n/m);
  t.regex((await instance.run(["complete", "--", "history", "--se"])).stdout, /^--search\t/m);
});

test("text from others cannot steer the terminal", async (t) => {
  const { printable } = await import("../dist/output/output.js");
  t.is(printable("a\u001b[2Jb\u0007c\u202ed\u0085e\tf\ng"), "a\ufffd[2Jb\ufffdcd\ufffde\tf\ng");
});

test.serial(
  "a message is sent, corrected and retracted, and a room joined and left, from the command line",
  async (t) => {
    const instance = await Instance.running(t);
    await addAccounts(instance);
    const said = await instance.json(["send", bob, "teh text", "--account", alice, "--wait", "sent"]);
    const { uid } = (said as { message: { uid: string } }).message;
    t.regex((await instance.run(["correct", uid, "the text"])).stdout, /the text/);
    t.regex(
      (await instance.run(["conversations", "--account", alice])).stdout,
      /bob@larder\.test +\S+ \S+ +the text/,
    );
    const refused = await instance.run(["retract", uid]);
    t.is(refused.code, 2);
    t.regex((await instance.run(["retract", uid, "--yes"])).stdout, /\(retracted\)/);
    t.regex((await instance.run(["sync", "--account", alice])).stdout, /^\d+ new messages?\n$/);
    const room = `cli@${server.rooms}`;
    t.is((await instance.run(["room", "join", room, "--account", alice])).stdout, `in ${room} as alice\n`);
    t.is((await instance.run(["room", "leave", room, "--account", alice])).stdout, "left\n");
    t.is((await instance.run(["displayed", "nobody's", "--account", alice])).code, 4);
    t.is((await instance.run(["contact", "subscribe", bob, "--account", alice])).stdout, "asked\n");
  },
);
