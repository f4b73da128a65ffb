import { deepStrictEqual } from "node:assert";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { arrival, arrivals, comeIn, expected, history, openHistory, script } from "./reaction-arrivals.js";
import { temporaryHome } from "./support.js";

test("reactions that come live, by carbon, twice, from the archive in any direction, before or after their message, its correction or a second copy of it and across a restart, stand as the archive's order says", async (t) => {
  const url = `sqlite:${join(await temporaryHome(t), "larder.db")}`;
  let world = await openHistory(url);
  t.teardown(() => world.close());
  const property = fc.asyncProperty(script, arrival, async (said, comes) => {
    await world.clear();
    const entries = history(said);
    await comeIn(arrivals(entries, said, comes), async (each, at, place) => {
      if (at === comes.endsAt) {
        await world.close();
        world = await openHistory(url);
      }
      return world.take(each, place);
    });
    deepStrictEqual(await world.stands(), { messages: 1, sets: expected(entries) });
  });
  const runs = process.env.LARDER_SOAK ? 1000 : 150;
  await t.notThrowsAsync(fc.assert(property, { numRuns: runs, includeErrorInReport: true }));
});
