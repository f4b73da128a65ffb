// The test suite with coverage: a summary here, the details as HTML in coverage/.
import path from "node:path";
import { root } from "./lib/root.mjs";
import { tryRun } from "./lib/run.mjs";
import { main } from "./lib/steps.mjs";

await main(async () => {
  const ours = ["packages/*/src/**/*.ts", "apps/*/src/**/*.ts"];
  const { code } = await tryRun(
    path.join(root, "node_modules", ".bin", "c8"),
    [
      ...["--reporter=text-summary", "--reporter=html", "--reports-dir=coverage", "--exclude-after-remap"],
      ...ours.map((pattern) => `--include=${pattern}`),
      ...["--exclude=**/*.test.ts", "--exclude=**/*.fixture.ts", "--exclude=packages/testing/**"],
      ...["node", path.join(root, "scripts", "test.mjs")],
    ],
    { stdio: "inherit" },
  );
  process.exitCode = code ?? 1;
});
