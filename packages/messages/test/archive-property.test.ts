import { randomInt } from "node:crypto";
import { ArchiveSync } from "@larder/messages";
import test, { type ExecutionContext } from "ava";
import { FakeArchive, type FakeEntry, readerOf } from "./fake-archive.js";
import { alice, archived, chat, origin, replace, retract, world } from "./support.js";

const RUNS = process.env.LARDER_SOAK ? 100 : 25;
const STEPS = 80;

/** The same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A server that files messages and delivers them as it likes. */
class Server {
  readonly archive: FakeArchive;
  /** Delivered only later, if ever. */
  readonly #late: string[] = [];
  /** To be sent once more by who has sent them, with the same ids. */
  readonly #again: string[] = [];
  /** Stamped, but not filed yet. */
  #unfiled: { readonly entry: FakeEntry; readonly after: string | undefined }[] = [];
  /** Last text of each message, by its name; undefined if it was retracted. */
  readonly changed = new Map<string, string | undefined>();
  #said = 0;
  #stamped = 0;

  constructor(
    private readonly random: () => number,
    private readonly unit: 1 | 1000,
  ) {
    this.archive = new FakeArchive(1 + this.below(9));
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** A message is said. @returns it, where it is delivered at once */
  say(): string | undefined {
    const name = `m${this.#said++}`;
    const live = this.#receive(name);
    const fate = this.random();
    if (fate < 0.3) return live;
    if (fate < 0.5) this.#late.push(live);
    else if (fate < 0.7) this.#again.push(name);
    return undefined;
  }

  sayAgain(): string | undefined {
    const [name] = this.#again.splice(this.below(this.#again.length), 1);
    if (name === undefined) return undefined;
    const live = this.#receive(name);
    return this.random() < 0.6 ? live : undefined;
  }

  /** A message is said and stamped, and filed only with {@link file}. */
  sayUnfiled(): void {
    const live = this.#receive(`m${this.#said++}`);
    const entry = this.archive.entries.pop();
    if (entry) this.#unfiled.push({ entry, after: this.archive.entries.at(-1)?.id });
    if (this.random() < 0.7) this.#late.push(live);
  }

  file(): void {
    const { entries } = this.archive;
    for (const { entry, after } of this.#unfiled)
      entries.splice(entries.findIndex(({ id }) => id === after) + 1, 0, entry);
    this.#unfiled = [];
  }

  /** A message is corrected or retracted by who has said it, wherever its copies are. @returns that, where it is delivered at once */
  change(): string | undefined {
    if (this.#said === 0) return undefined;
    const name = `m${this.below(this.#said)}`;
    if (this.changed.has(name)) return undefined;
    const corrected = this.random() < 0.5;
    this.changed.set(name, corrected ? `${name} corrected` : undefined);
    const id = `change of ${name}`;
    const live = corrected
      ? this.#file((extra) => chat(`${name} corrected`, `id="${id}"`, replace(name) + origin(id) + extra))
      : this.#file((extra) => chat("", `id="${id}"`, retract(name) + extra).replace("<body></body>", ""));
    if (this.random() < 0.4) return live;
    if (this.random() < 0.5) this.#late.push(live);
    return undefined;
  }

  /** Expected history: each message once, at the place of its first copy. */
  expected(): (string | undefined)[] {
    const names = this.archive.bodies.filter((body) => /^m\d+$/.test(body));
    return [...new Set(names)].map((name) => (this.changed.has(name) ? this.changed.get(name) : name));
  }

  deliver(): string[] {
    return this.#late.splice(0, 1 + this.below(6));
  }

  #receive(name: string): string {
    return this.#file((extra) => chat(name, `id="${name}"`, origin(name) + extra));
  }

  /** @param stanza with what the archive adds to it on its way */
  #file(stanza: (extra: string) => string): string {
    const id = `s${this.#stamped++}`;
    const stamp = new Date(Math.floor((Date.now() - 5) / this.unit) * this.unit).toISOString();
    this.archive.entries.push({ id, stamp, message: stanza("") });
    return stanza(archived(id));
  }
}

async function run(t: ExecutionContext, seed: number): Promise<void> {
  const random = randomOf(seed);
  const server = new Server(random, random() < 0.5 ? 1 : 1000);
  const { archive } = server;
  const w = await world(t);
  const sync = new ArchiveSync(w.store, w.intake, {
    envelopes: () => ({ account: alice, announcesStanzaIds: () => true }),
    days: 1e5,
  });
  const account = readerOf(archive, w.account.id);
  const running: Promise<unknown>[] = [];
  const take = (...stanzas: readonly (string | undefined)[]) => {
    for (const stanza of stanzas) if (stanza !== undefined) running.push(w.take(stanza));
  };
  const catchUp = async () => {
    const heal = random() < 0.3 ? archive.cutAfter(1 + server.below(3)) : () => {};
    const reading = sync.catchUp(account, alice).then(heal, heal);
    if (random() < 0.5) await reading;
    else running.push(reading);
  };
  for (let step = 0; step < STEPS; step++) {
    const deed = random();
    if (deed < 0.5) take(server.say());
    else if (deed < 0.55) server.sayUnfiled();
    else if (deed < 0.58) server.file();
    else if (deed < 0.63) take(server.sayAgain());
    else if (deed < 0.73) take(...server.deliver());
    else if (deed < 0.79) take(server.change());
    else if (deed < 0.9) await catchUp();
    else await new Promise((resolve) => setTimeout(resolve, server.below(8))); // stamps move on
  }
  await Promise.all(running);
  server.file();
  t.true((await sync.catchUp(account, alice)).complete);
  const history = await w.history();
  t.deepEqual(
    history.map(({ bodies }) => bodies[0]?.text),
    server.expected(),
    `seed ${seed}`,
  );
}

test("whatever comes live, late, twice, is changed between its copies or is filed late, and wherever a reading is cut, history ends as the archive has it", async (t) => {
  t.timeout(1_200_000);
  const { LARDER_SEED } = process.env;
  if (LARDER_SEED !== undefined) return run(t, Number(LARDER_SEED));
  for (let time = 0; time < RUNS; time++) await run(t, randomInt(2 ** 31));
});
