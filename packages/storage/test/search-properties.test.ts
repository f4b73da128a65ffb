import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { searches, storedItems } from "./search/arbitraries.js";
import { engines } from "./search/engines.js";
import { holdsUnstorable, hostileHistories, hostileSearches, mustBeRefused } from "./search/hostile.js";
import { answer, type PlannedSearch, type StoredItem } from "./search/oracle.js";
import { type Outcome, World } from "./search/world.js";

/** The short run is the same every time; the long one goes where nobody has been. */
const soak = process.env.LARDER_SOAK !== undefined;
const SEED = Number(process.env.LARDER_SEED ?? (soak ? Date.now() : 20261123));
const SEARCHES_PER_WORLD = 10;

const places = (items: readonly StoredItem[]) =>
  items.map(({ account, service, node, itemId }) => ({ account, service, node, itemId }));

for (const engine of engines) {
  test(`${engine.name} finds what the contract says, in the order asked, whatever is stored and asked`, async (t) => {
    t.timeout(soak ? 3_600_000 : 120_000);
    const world = await World.in(await engine.open(t));
    let found = 0;
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(
        storedItems,
        fc.array(searches, { minLength: 1, maxLength: 2 * SEARCHES_PER_WORLD, size: "max" }),
        async (items, several) => {
          await world.fill(items);
          for (const search of several) {
            const expected = answer(items, search);
            asked++;
            if (expected.items.length > 0 && expected.items.length < items.length) found++;
            const actual = await world.search(search);
            const said = { items: places(expected.items), total: expected.total };
            if (JSON.stringify(actual) !== JSON.stringify(said))
              throw new Error(difference(world, search, actual, said));
          }
        },
      ),
      { seed: SEED, numRuns: (soak ? 10_000 : 300) / SEARCHES_PER_WORLD, includeErrorInReport: true },
    );
    t.true(found > asked / 8, `${found} of ${asked} searches tell some items from others`);
  });
}

function difference(world: World, search: PlannedSearch, actual: unknown, said: unknown): string {
  return `${JSON.stringify(world.plan(search))}\n  answers ${JSON.stringify(actual)}\n  not     ${JSON.stringify(said)}`;
}

/** What all engines make of the same thing, which has to be the same. */
async function together(
  worlds: readonly World[],
  attempt: (world: World) => Promise<Outcome>,
): Promise<Outcome> {
  const [first, ...others] = await Promise.all(worlds.map(attempt));
  for (const other of others) {
    if (JSON.stringify(other) !== JSON.stringify(first))
      throw new Error(`${JSON.stringify(other)} is not ${JSON.stringify(first)}`);
  }
  return first ?? [];
}

/** Asks hostile things of all engines, and looks whether anything changed by it. */
async function besiege<Asked>(
  t: ExecutionContext,
  arbitrary: fc.Arbitrary<Asked>,
  attempt: (world: World, asked: Asked) => Promise<Outcome>,
  mustRefuse: (asked: Asked) => boolean,
): Promise<void> {
  t.timeout(soak ? 3_600_000 : 120_000);
  const worlds = await Promise.all(engines.map(async (engine) => World.in(await engine.open(t))));
  const [items = []] = fc.sample(storedItems, { seed: 7, numRuns: 1 });
  for (const world of worlds) await world.fill(items);
  const contents = () => Promise.all(worlds.map((world) => world.contents()));
  const before = await contents();
  await fc.assert(
    fc.asyncProperty(arbitrary, async (asked) => {
      const outcome = await together(worlds, (world) => attempt(world, asked));
      if (mustRefuse(asked) && !("refused" in outcome)) throw new Error("it was not refused");
    }),
    { seed: SEED, numRuns: soak ? 10_000 : 1000, includeErrorInReport: true },
  );
  t.deepEqual(await contents(), before);
}

test("a hostile search works or is refused by the name of its parameter, alike on all engines, and changes nothing", async (t) => {
  await besiege(t, hostileSearches, (world, search) => world.attempt(search), mustBeRefused);
});

test("hostile words asked of the history work or are refused by the name of their parameter, and change nothing", async (t) => {
  await besiege(t, hostileHistories, (world, query) => world.attemptHistory(query), holdsUnstorable);
});
