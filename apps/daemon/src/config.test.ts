import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { readConfiguration, sessionLimits, waitingLimits } from "./config.js";

async function configurationFile(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "larder-config-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "larder.toml");
}

test("limits of sessions and of what waits are those of the file, and defaults where it has none", async (t) => {
  const file = await configurationFile(t);
  const none = await readConfiguration(file);
  t.deepEqual(waitingLimits(none), { reactions: 200, confirmations: 500, removals: 2000, days: 90 });
  t.is(sessionLimits(none).unfinishedStanzas, 500);

  await writeFile(
    file,
    `[limits]
unfinishedStanzas = 50
waitingReactions = 20
waitingConfirmations = 30
waitingRetractions = 40
waitingDays = 2
`,
  );
  const some = await readConfiguration(file);
  t.deepEqual(waitingLimits(some), { reactions: 20, confirmations: 30, removals: 80, days: 2 });
  t.is(sessionLimits(some).unfinishedStanzas, 50);
});

test("a limit that leaves nothing is refused by its name", async (t) => {
  const file = await configurationFile(t);
  await writeFile(file, "[limits]\nwaitingReactions = 0\n");
  const error = await t.throwsAsync(readConfiguration(file));
  t.regex(error?.message ?? "", /limits\.waitingReactions/);
});
