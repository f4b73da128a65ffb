// Runs AVA in every package, one after the other, and ends with the line "N passed, N failed".
import { readFileSync } from "node:fs";
import path from "node:path";
import { AvaSummary } from "./lib/ava-summary.mjs";
import { workspaces } from "./lib/pnpm.mjs";
import { root } from "./lib/root.mjs";
import { main } from "./lib/steps.mjs";
import { runTurbo } from "./lib/turbo.mjs";
import { setup } from "./setup.mjs";

/** Names of the packages that have a test script. */
function tested() {
  return workspaces()
    .map((name) => JSON.parse(readFileSync(path.join(root, name, "package.json"), "utf8")))
    .filter(({ scripts }) => scripts?.test)
    .map(({ name }) => name);
}

await main(async () => {
  await setup({ servers: true });
  const summary = new AvaSummary();
  const { code } = await runTurbo(
    [
      "run",
      "test",
      "--concurrency=1",
      "--continue",
      "--ui=stream",
      "--log-prefix=task",
      "--output-logs=new-only",
    ],
    {
      onLine: (line) => {
        summary.add(line);
        console.log(line);
      },
    },
  );
  const { passed, failed, skipped, problems } = summary.total(tested());
  for (const problem of problems) console.log(problem);
  if (skipped > 0) console.log(`${skipped} skipped or to do`);
  const unexplained = code !== 0 && failed === 0;
  if (unexplained) console.log(`Turborepo ended with ${code}`);
  console.log(`${passed} passed, ${unexplained ? 1 : failed} failed`);
  process.exitCode = code === 0 && failed === 0 ? 0 : 1;
});
