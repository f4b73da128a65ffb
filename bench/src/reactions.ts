// What reactions cost: node bench/dist/reactions.js [stanzas (0: only the page)] [messages] [runs]
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ArchiveResult,
  BridgeClient,
  type EnvelopeOptions,
  instancePaths,
  openArchived,
  parseTrustedXml,
} from "@larder/core";
import { MessageIntake, type MessagingAccount } from "@larder/messages";
import { companionOf, type ReactingAccount, Reactions } from "@larder/reactions";
import { createStore, Database, type Store } from "@larder/storage";

const stanzas = Number(process.argv[2] ?? 100_000);
const messages = Number(process.argv[3] ?? 10_000);
const runs = Number(process.argv[4] ?? 3);

const PAGE = 250;
/** A page of history, and its reactions. */
const SHOWN = 50;
const REACTIONS = 5000;
const JID = "alice@larder.test";
const ROOM = "room@rooms.larder.test";
const EMOJIS = ["👍", "❤️", "😂", "🎉", "🫖", "👀"];

const directory = await mkdtemp(join(tmpdir(), "larder-bench-"));
const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
const three = (values: readonly number[], digits = 0) =>
  [Math.min(...values), median(values), Math.max(...values)]
    .map((value) => value.toFixed(digits))
    .join(" / ");

const options: EnvelopeOptions = {
  account: JID,
  announcesStanzaIds: () => true,
  announcesOccupantIds: (by) => by === ROOM,
  ownOccupant: (by) => (by === ROOM ? { nick: "alice", occupantId: "occ-alice" } : undefined),
};
const began = Date.now() - Math.max(stanzas * 2, 60_000);

/** One result of a room's archive. */
const archived = (n: number, sender: number, children: string): ArchiveResult => ({
  id: `a${n}`,
  stamp: new Date(began + n),
  message: parseTrustedXml(
    `<message xmlns="jabber:client" from="${ROOM}/nick${sender}" to="${JID}/x" type="groupchat" id="w${n}">${children}<occupant-id xmlns="urn:xmpp:occupant-id:0" id="occ-${sender}"/></message>`,
  ),
});
const said = (n: number) =>
  archived(
    n,
    n % 100,
    `<body>Message ${n}: the kettle sings, the loaf is in the oven, and somebody asks when.</body>`,
  );
const reacted = (n: number, to: number, sender: number) =>
  archived(
    n,
    sender,
    `<reactions xmlns="urn:xmpp:reactions:0" id="a${to}"><reaction>${EMOJIS[n % 6]}</reaction></reactions><store xmlns="urn:xmpp:hints"/>`,
  );

interface House {
  readonly database: Database;
  readonly store: Store;
  readonly url: string;
  take(results: readonly ArchiveResult[]): Promise<number>;
}

async function house(name: string): Promise<House> {
  const url = `sqlite:${join(directory, `${name}.db`)}`;
  const { database } = await Database.open({ url });
  const store = createStore(database);
  const { id } = await store.accounts.add({
    jid: JID,
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
  const account: MessagingAccount & ReactingAccount = {
    id,
    jid: JID,
    online: () => true,
    sendTracked: async () => {},
    room: (jid) => (jid === ROOM ? { joined: true, occupantId: "occ-alice" } : undefined),
  };
  const reactions = new Reactions(store.reactionLedger);
  const intake = new MessageIntake(store, { also: companionOf(reactions, () => account) });
  let after: number | undefined;
  return {
    database,
    store,
    url,
    /** Pages of the archive, as catching up takes them in; in milliseconds. */
    async take(results) {
      const from = performance.now();
      for (let at = 0; at < results.length; at += PAGE) {
        const envelopes = results
          .slice(at, at + PAGE)
          .flatMap((result) => openArchived(ROOM, result, options) ?? []);
        const { last } = await intake.takeAll(account, envelopes, { origin: "catchup", order: { after } });
        after = last ?? after;
      }
      return performance.now() - from;
    },
  };
}

async function takingIn(): Promise<void> {
  const plain: number[] = [];
  const reacting: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const one = await house(`plain${run}`);
    const messageMs = await one.take(Array.from({ length: stanzas }, (_, n) => said(n)));
    await one.database.close();
    const other = await house(`reacting${run}`);
    await other.take(Array.from({ length: messages }, (_, n) => said(n)));
    const reactionMs = await other.take(
      Array.from({ length: stanzas }, (_, n) =>
        reacted(messages + n, n % messages, Math.floor(n / messages) % 100),
      ),
    );
    await other.database.close();
    if (run === 0 && runs > 1) continue; // the first turn does not count
    plain.push((stanzas / messageMs) * 1000);
    reacting.push((stanzas / reactionMs) * 1000);
  }
  console.log(`${stanzas} stanzas in pages of ${PAGE}, from a room's archive: min / median / max of ${plain.length}
  plain messages                             ${three(plain)} a second
  reactions, to ${messages} messages ${" ".repeat(Math.max(0, 18 - String(messages).length))}          ${three(reacting)} a second   ${(median(reacting) / median(plain)).toFixed(2)} of the messages' rate   target 0.8
`);
}

/** Processor time that a process has had, in milliseconds (Linux counts in hundredths of a second). */
async function daemonTime(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function reading(): Promise<void> {
  const { database, url, take } = await house("history");
  const perMessage = REACTIONS / SHOWN;
  await take(Array.from({ length: SHOWN }, (_, n) => said(n)));
  await take(
    Array.from({ length: REACTIONS }, (_, n) =>
      reacted(SHOWN + n, n % SHOWN, Math.floor(n / SHOWN) % perMessage),
    ),
  );
  await take(Array.from({ length: SHOWN }, (_, n) => said(SHOWN + REACTIONS + n)));
  await database.close();
  const home = join(directory, "home");
  const larderd = fileURLToPath(new URL("../../apps/daemon/bin/larderd.cjs", import.meta.url));
  const daemon = spawn(process.execPath, [larderd], {
    env: { ...process.env, LARDER_HOME: home, LARDER_DATABASE_URL: url },
    stdio: "ignore",
  });
  const { socket } = instancePaths({ LARDER_HOME: home });
  let client: BridgeClient | undefined;
  while (!client) client = await BridgeClient.connect(socket).catch(() => undefined);
  const middle = new Date(began + SHOWN + REACTIONS / 2).toISOString();
  const ask = (point: { before: string } | { after: string }) =>
    client.call("history_get", { account: JID, conversation: ROOM, limit: SHOWN, ...point });
  const points = { without: { after: middle }, with: { before: middle } };
  const page = async (kind: keyof typeof points) => {
    const from = performance.now();
    const { messages: found } = await ask(points[kind]);
    const ms = performance.now() - from;
    const shown = found.flatMap(({ reactions }) => reactions.flatMap(({ senders }) => senders)).length;
    if (found.length !== SHOWN || shown !== (kind === "with" ? REACTIONS : 0))
      throw new Error(`${found.length} messages with ${shown} reactions were shown`);
    return ms;
  };
  const first = await page("with");
  const without: number[] = [];
  const with_: number[] = [];
  for (let turn = 0; turn < 220; turn++) {
    const one = await page("without");
    const other = await page("with");
    if (turn < 20) continue;
    without.push(one);
    with_.push(other);
  }
  /** Processor time of both programs for a page, in milliseconds: it depends less on what else the machine does. */
  const worked = async (kind: keyof typeof points) => {
    const own = process.cpuUsage();
    const theirs = await daemonTime(daemon.pid ?? 0);
    for (let n = 0; n < 200; n++) await ask(points[kind]);
    const { user, system } = process.cpuUsage(own);
    return ((user + system) / 1000 + (await daemonTime(daemon.pid ?? 0)) - theirs) / 200;
  };
  const work = { without: [] as number[], with: [] as number[] };
  for (let n = 0; n < 5; n++) {
    work.without.push(await worked("without"));
    work.with.push(await worked("with"));
  }
  const times = (over: readonly number[], under: readonly number[]) =>
    `${(median(over) / median(under)).toFixed(2)} x   target 2`;
  console.log(`a page of ${SHOWN} messages through the bridge: min / median / max of ${without.length}
  without reactions                          ${three(without, 2)} ms
  with ${REACTIONS}                                  ${three(with_, 2)} ms   ${times(with_, without)}
  with ${REACTIONS}, the first time                  ${first.toFixed(2)} ms
processor time of both programs for one: min / median / max of 5 times 200
  without reactions                          ${three(work.without, 2)} ms
  with ${REACTIONS}                                  ${three(work.with, 2)} ms   ${times(work.with, work.without)}
`);
  await client.close();
  daemon.kill("SIGTERM");
}

if (stanzas > 0) await takingIn();
await reading();
await rm(directory, { recursive: true, force: true });
