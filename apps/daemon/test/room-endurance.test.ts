import { randomInt } from "node:crypto";
import { hasErrorType } from "@larder/core";
import { startEjabberd, startProsody, startTcpProxy, type TcpProxy, type XmppServer } from "@larder/testing";
import test, { type ExecutionContext } from "ava";
import { addAgain, startDaemon, type TestClient } from "./support.js";

const soak = process.env.LARDER_SOAK !== undefined;
const DEEDS = soak ? 400 : 30;

/** The same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Side {
  readonly name: string;
  readonly account: string;
  readonly client: TestClient;
  readonly proxy: TcpProxy;
}

interface Said {
  readonly side: Side;
  readonly uid: string;
  text: string;
  changed?: "corrected" | "retracted";
}

/** Does it, again where the session was lost meanwhile, or the room was not joined again yet. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passing =
        hasErrorType(error) && ["not_connected", "connection", "timeout", "unsupported"].includes(error.type);
      if (!passing) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Every other run loses the session with each line that is cut. */
const chance = (t: ExecutionContext) => {
  const seed = Number(process.env.LARDER_SEED ?? randomInt(2 ** 31));
  t.log(`seed ${seed}`);
  return { seed, resumptionSeconds: seed % 2 === 0 ? 0 : 5 };
};

async function endure(
  t: ExecutionContext,
  server: XmppServer,
  { seed, occupantIds }: { readonly seed: number; readonly occupantIds: boolean },
): Promise<void> {
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const room = `endurance@${server.rooms}`;
  const sides: Side[] = [];
  for (const [name, user] of [
    ["A", "alice"],
    ["B", "alice"],
    ["C", "carol"],
  ] as const) {
    if (name !== "B") await server.addUser(user, user);
    const proxy = await startTcpProxy({ host: server.host, port: server.port });
    t.teardown(() => proxy.stop());
    const account = `${user}@${server.domain}`;
    const client = await (await startDaemon(t)).connect();
    const service = `xmpp://127.0.0.1:${proxy.port}`;
    const { domain, caFile } = server;
    await addAgain(client, { domain, caFile, service, addUser: server.addUser }, account, user);
    await client.call("muc_join", { account, room, nick: name === "C" ? "carol" : `alice-${name}` });
    sides.push({ name, account, client, proxy });
  }
  const said: Said[] = [];
  for (let n = 0; n < DEEDS; n++) {
    const side = pick(sides);
    const deed = random();
    const mine = said.filter((each) => each.side === side && each.changed === undefined);
    if (deed < 0.15) side.proxy.cut();
    else if (deed < 0.35 && mine.length > 0) {
      const one = pick(mine);
      one.changed = "corrected";
      one.text = `${one.text} corrected`;
      await side.client.call("message_correct", { account: side.account, uid: one.uid, body: one.text });
    } else {
      const text = `message ${n} of ${side.name}`;
      const { message } = await side.client.call("message_send", {
        account: side.account,
        to: room,
        body: text,
      });
      said.push({ side, uid: message.uid, text });
    }
    if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 150)); // the disturbance itself
  }
  for (const { side, uid } of said)
    for (;;) {
      const { message } = await side.client.call("message_get", { account: side.account, uid });
      t.not(message.state, "failed");
      if (message.state !== "pending") break;
      await new Promise((resolve) => setTimeout(resolve, 50)); // each daemon is told of its own acknowledgements
    }
  for (const { client, account, name } of sides) {
    const complete = await insist(() => client.call("history_sync", { account, conversation: room }));
    t.true(complete.complete, `daemon ${name}`);
    const { messages } = await client.call("history_get", { account, conversation: room, limit: 1000 });
    const texts = messages.map(({ bodies }) => bodies[0]?.text ?? "");
    t.deepEqual([...texts].sort(), [...new Set(texts)].sort(), `daemon ${name}: nothing is there twice`);
    const missing = said.filter(({ text }) => !texts.includes(text));
    for (const { side, uid, text } of missing) {
      const { message } = await side.client.call("message_get", { account: side.account, uid });
      const beginning = text.replace(" corrected", "");
      const seen = messages.filter(({ bodies }) => bodies[0]?.text?.startsWith(beginning));
      t.fail(
        `daemon ${name} has not "${text}" but ${JSON.stringify(seen)}; it is ${JSON.stringify(message)}`,
      );
    }
    // Without occupant ids nobody can tell of an archive whether a correction is the author's.
    if (occupantIds) t.deepEqual([...texts].sort(), said.map(({ text }) => text).sort(), `daemon ${name}`);
    t.is((await insist(() => client.call("history_sync", { account, conversation: room }))).received, 0);
  }
}

const title = (server: string) =>
  `${server}: two daemons of one account and one of another in a room, with corrections and lines that are cut, miss and double nothing`;

test.serial(title("Prosody"), async (t) => {
  t.timeout(soak ? 3_600_000 : 150_000);
  const { seed, ...options } = chance(t);
  await using server = await startProsody(options);
  await endure(t, server, { seed, occupantIds: true });
});

test.serial(title("ejabberd"), async (t) => {
  t.timeout(soak ? 3_600_000 : 150_000);
  const { seed, ...options } = chance(t);
  await using server = await startEjabberd(options);
  await endure(t, server, { seed, occupantIds: false });
});
