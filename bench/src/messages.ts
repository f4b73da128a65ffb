// What message history costs, against a real Prosody on this machine: node bench/dist/messages.js [archived] [stored] [runs]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BridgeClient, instancePaths, Session, xml } from "@larder/core";
import { ArchiveSync, MessageIntake } from "@larder/messages";
import { createStore, Database, type NewMessage, type Store } from "@larder/storage";
import { startProsody } from "@larder/testing";
import { pageWith } from "./messages/bare-client.js";

const archived = Number(process.argv[2] ?? 20_000);
const stored = Number(process.argv[3] ?? 1_000_000);
const runs = Number(process.argv[4] ?? 3);

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
const perSecond = (count: number, ms: number) => `${Math.round((count / ms) * 1000)}/s`;

const prose = (n: number) =>
  `Message ${n}: the kettle sings, the loaf is in the oven, and somebody is asking when we meet. ${"And so on. ".repeat(n % 7)}`;

const directory = await mkdtemp(join(tmpdir(), "larder-bench-"));

async function freshStore(
  name: string,
  jid: string,
): Promise<{ database: Database; store: Store; id: number }> {
  const { database } = await Database.open({ url: `sqlite:${join(directory, `${name}.db`)}` });
  const store = createStore(database);
  const { id } = await store.accounts.add({
    jid,
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
  return { database, store, id };
}

async function catchingUp(): Promise<void> {
  await using server = await startProsody({
    users: { alice: "alice", bob: "bob" },
    tls: false,
    passwordHash: "SHA-1", // all that @xmpp/client knows
  });
  const open = async (name: string) => {
    const session = new Session({
      jid: `${name}@${server.domain}`,
      password: async () => name,
      service: server.service,
      tls: "disabled",
      limits: { queuedStanzas: 1_000_000 },
    });
    await session.connect();
    return session;
  };
  const bob = await open("bob");
  const alice = `alice@${server.domain}`;
  for (let n = 0; n < archived; n += 500)
    await Promise.all(
      Array.from({ length: Math.min(500, archived - n) }, (_, at) =>
        bob.sendTracked(
          xml("message", { to: alice, type: "chat", id: `m${n + at}` }, xml("body", {}, prose(n + at))),
        ),
      ),
    );
  await bob.disconnect();
  const bare = new Map<number, number[]>();
  const ours = { back: [] as number[], forward: [] as number[] };
  for (let run = 0; run <= runs; run++) {
    for (const size of [100, 250, 500, 1000]) {
      const ms = await pageWith(
        { service: server.service, domain: server.domain, username: "alice", password: "alice" },
        size,
        archived,
      );
      if (run > 0) bare.set(size, [...(bare.get(size) ?? []), ms]);
    }
    for (const way of ["back", "forward"] as const) {
      const session = await open("alice");
      const { database, store, id } = await freshStore(`${way}${run}`, alice);
      const archives = new ArchiveSync(store, new MessageIntake(store), {
        envelopes: () => ({ account: alice, announcesStanzaIds: () => true }),
      });
      const account = {
        id,
        jid: alice,
        online: () => true,
        requester: session,
        send: (stanza: Parameters<Session["send"]>[0]) => session.send(stanza),
        sendTracked: (stanza: Parameters<Session["send"]>[0]) => session.sendTracked(stanza),
      };
      if (way === "forward")
        await store.archives.setCursor(id, alice, { newest: { time: new Date(1e12) }, startReached: true });
      const ms = await timed(() => archives.catchUp(account, alice));
      const count = await store.messages.count();
      if (count !== archived) throw new Error(`${count} messages instead of ${archived}`);
      if (run > 0) ours[way].push(ms);
      await session.disconnect();
      await database.close();
    }
  }
  const [size, best] = [...bare]
    .map(([each, times]) => [each, median(times)] as const)
    .reduce((one, other) => (other[1] < one[1] ? other : one));
  const line = (times: readonly number[]) =>
    `${median(times).toFixed(0)} ms   ${perSecond(archived, median(times))}   ${(median(times) / best).toFixed(2)} times bare`;
  console.log(`catching up ${archived} archived messages from Prosody, median of ${runs}
bare @xmpp/client, pages of ${[...bare].map(([each, times]) => `${each}: ${median(times).toFixed(0)} ms`).join(", ")}
bare, best (${size})              ${best.toFixed(0)} ms   ${perSecond(archived, best)}
Larder, from a cursor on    ${line(ours.forward)}
Larder, first start         ${line(ours.back)}
`);
}

async function reading(): Promise<void> {
  const jid = "alice@larder.test";
  const { database, store, id } = await freshStore("history", jid);
  const conversation = (n: number) => `contact${n % 50}@larder.test`;
  const started = performance.now();
  for (let n = 0; n < stored; n += 1000)
    await store.messages.insertAll(
      Array.from({ length: Math.min(1000, stored - n) }, (_, at): NewMessage => {
        const with_ = conversation(n + at);
        const timestamp = new Date(1_600_000_000_000 + (n + at) * 1000);
        return {
          accountId: id,
          conversation: with_,
          direction: "in",
          type: "chat",
          from: `${with_}/phone`,
          to: jid,
          sender: with_,
          wireId: `w${n + at}`,
          stanzaId: `s${n + at}`,
          stanzaIdBy: jid,
          timestamp,
          receivedAt: timestamp,
          delayed: false,
          raw: `<message><body>${prose(n + at)}</body></message>`,
          extra: {},
          bodies: [{ lang: "", text: prose(n + at) }],
          subjects: [],
        };
      }),
    );
  const filled = performance.now() - started;
  await database.close();
  const home = join(directory, "home");
  const larderd = fileURLToPath(new URL("../../apps/daemon/bin/larderd.cjs", import.meta.url));
  const daemon = spawn(process.execPath, [larderd], {
    env: {
      ...process.env,
      LARDER_HOME: home,
      LARDER_DATABASE_URL: `sqlite:${join(directory, "history.db")}`,
    },
    stdio: "ignore",
  });
  const { socket } = instancePaths({ LARDER_HOME: home });
  let client: BridgeClient | undefined;
  while (!client) client = await BridgeClient.connect(socket).catch(() => undefined);
  const connected = client;
  const page = async (params: { before?: string; after?: string; search?: string }) => {
    const times: number[] = [];
    for (let run = 0; run < 200; run++)
      times.push(
        await timed(() =>
          connected.call("history_get", {
            account: jid,
            conversation: conversation(run),
            limit: 50,
            ...params,
          }),
        ),
      );
    return `${median(times).toFixed(2)} ms (99 of 100 under ${(times.toSorted((a, b) => a - b)[197] ?? 0).toFixed(1)})`;
  };
  const middle = new Date(1_600_000_000_000 + (stored / 2) * 1000).toISOString();
  console.log(`a page of 50 from a history of ${stored} (filled at ${perSecond(stored, filled)}), through the bridge, median of 200
newest               ${await page({})}
before the middle    ${await page({ before: middle })}
after the middle     ${await page({ after: middle })}`);
  await client.close();
  daemon.kill("SIGTERM");
}

await catchingUp();
await reading();
await rm(directory, { recursive: true, force: true });
