import { randomInt } from "node:crypto";
import { type BridgeResult, DaemonUnreachableError, hasErrorType } from "@larder/core";
import { startEjabberd, startProsody, startTcpProxy, type TcpProxy, type XmppServer } from "@larder/testing";
import test, { type ExecutionContext } from "ava";
import { type ArchivedMessage, SlixmppPeer } from "./slixmpp-peer.js";
import { type RunningDaemon, startDaemon, type TestClient, temporaryHome } from "./support.js";

const soak = process.env.LARDER_SOAK !== undefined;
const size = soak ? { messages: 2000, cuts: 30, kills: 20 } : { messages: 160, cuts: 6, kills: 4 };

/** Numbers that look random, and are the same for one seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A daemon behind a proxy, that may be cut off and killed at any moment. */
class Side {
  #daemon: RunningDaemon | undefined;
  #client: TestClient | undefined;
  #starting: Promise<TestClient> | undefined;

  constructor(
    readonly name: string,
    private readonly t: ExecutionContext,
    private readonly home: string,
    readonly proxy: TcpProxy,
    private readonly account: { jid: string; password: string; caFile: string },
  ) {}

  /** A client of the running daemon; it is started where it does not run. */
  client(): Promise<TestClient> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #start(): Promise<TestClient> {
    this.#daemon = await startDaemon(this.t, { home: this.home });
    const client = await this.#daemon.connect();
    const { accounts } = await client.call("account_list", {});
    if (accounts.length === 0) {
      const { jid, password, caFile } = this.account;
      const service = `xmpp://127.0.0.1:${this.proxy.port}`;
      await client.call("account_add", { jid, password, service, caFile });
      await client.call("account_connect", { account: jid });
    }
    this.#client = client;
    return client;
  }

  async kill(): Promise<void> {
    await this.#starting?.catch(() => {});
    this.#client = undefined;
    await this.#daemon?.end("SIGKILL");
  }

  /** Does it, again where the daemon was killed meanwhile. */
  async insist<T>(work: (client: TestClient) => Promise<T>): Promise<T> {
    for (;;) {
      const client = await this.client();
      try {
        return await work(client);
      } catch (error) {
        const passing =
          error instanceof DaemonUnreachableError ||
          (hasErrorType(error) && ["not_connected", "connection", "timeout"].includes(error.type));
        if (!passing && this.#client === client) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

/** What the archive says, each message once: one that went out again after a crash is there twice (XEP-0198 §4). */
function once(archive: readonly ArchivedMessage[]): string[] {
  const seen = new Set<string>();
  return archive.flatMap(({ id, body }) => {
    if (body === "" || seen.has(id)) return [];
    seen.add(id);
    return [body];
  });
}

async function endure(t: ExecutionContext, server: XmppServer): Promise<void> {
  const seed = Number(process.env.LARDER_SEED ?? randomInt(2 ** 31));
  t.log(`seed ${seed}`);
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  await server.addUser("alice", "alice");
  await server.addUser("bob", "bob");
  const alice = `alice@${server.domain}`;
  const account = { jid: alice, password: "alice", caFile: server.caFile };
  const sides: Side[] = [];
  for (const name of ["A", "B"]) {
    const proxy = await startTcpProxy({ host: server.host, port: server.port });
    t.teardown(() => proxy.stop());
    sides.push(new Side(name, t, await temporaryHome(t), proxy, account));
  }
  for (const side of sides) await side.client();
  const bob = await SlixmppPeer.connect(server, `bob@${server.domain}`, "bob");
  t.teardown(() => bob.stop());

  const deeds = [
    ...Array.from({ length: size.messages }, () => "say" as const),
    ...Array.from({ length: size.cuts }, () => "cut" as const),
    ...Array.from({ length: size.kills }, () => "kill" as const),
  ];
  for (let at = deeds.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [deeds[at], deeds[other]] = [deeds[other] ?? "say", deeds[at] ?? "say"];
  }
  const said: string[] = [];
  const running: Promise<unknown>[] = [];
  for (const deed of deeds) {
    const side = pick(sides);
    if (deed === "cut") side.proxy.cut();
    else if (deed === "kill") {
      await side.kill();
      running.push(side.client());
    } else {
      const body = `message ${said.length} of ${random() < 0.5 ? "bob" : side.name}`;
      said.push(body);
      if (body.endsWith("bob"))
        await bob.run({ do: "send", to: alice, body, id: `bob-${said.length}`, origin: random() < 0.5 });
      else
        running.push(
          side.insist((client) =>
            client.call("message_send", { account: alice, to: bob.jid, body, requestId: body }),
          ),
        );
    }
    if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 150)); // the disturbance itself
  }
  await Promise.all(running);

  const historyOf = (side: Side) =>
    side.insist(async (client) => {
      const all = [];
      let after: string = "1970-01-01T00:00:00.000Z";
      for (;;) {
        const page: BridgeResult<"history_get"> = await client.call("history_get", {
          account: alice,
          conversation: bob.jid,
          after,
          limit: 1000,
        });
        all.push(...page.messages);
        if (page.complete) return all;
        after = page.messages.at(-1)?.uid ?? after;
      }
    });
  for (const side of sides) {
    // Nothing tells when the last of several messages was acknowledged; each daemon says so of its own.
    while ((await historyOf(side)).some(({ state }) => state === "pending"))
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const auditor = await SlixmppPeer.connect(server, alice, "alice");
  t.teardown(() => auditor.stop());
  const archive = once(await auditor.archive({ with: bob.jid }));
  t.deepEqual([...archive].sort(), [...said].sort(), "the archive has everything that was said");
  for (const side of sides) {
    const { complete } = await side.insist((client) => client.call("history_sync", { account: alice }));
    t.true(complete);
    const history = await historyOf(side);
    const bodies = history.map((message) => message.bodies[0]?.text ?? "");
    t.deepEqual(bodies, archive, `daemon ${side.name}: all of it, once, in the archive's order`);
    t.true(history.every(({ stanzaId }) => stanzaId !== undefined));
    t.is((await side.insist((client) => client.call("history_sync", { account: alice }))).received, 0);
  }
  // ejabberd returns an error for what waits in a session that nobody resumes, although the archive has it.
  const heard = new Set(
    bob.events.filter(({ event, kind }) => event === "message" && kind !== "error").map(({ id }) => id),
  );
  t.is(
    heard.size,
    said.filter((body) => !body.endsWith("bob")).length,
    "the peer has every message, told apart by its id",
  );
}

const title = (server: string) =>
  `${server}: two daemons on one account and a peer of another make, through cuts and kills, end with the archive's history`;

test.serial(title("Prosody"), async (t) => {
  t.timeout(soak ? 3_600_000 : 150_000);
  await using server = await startProsody({ resumptionSeconds: 5 });
  await endure(t, server);
});

test.serial(title("ejabberd"), async (t) => {
  t.timeout(soak ? 3_600_000 : 150_000);
  await using server = await startEjabberd({ resumptionSeconds: 5 });
  await endure(t, server);
});
