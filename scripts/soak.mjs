// The long version of the tests that have one: a hundred kills, ten thousand searches. It takes a quarter of an hour or more.
import { readFileSync } from "node:fs";
import path from "node:path";
import { workspaces } from "./lib/pnpm.mjs";
import { root } from "./lib/root.mjs";
import { tryRun } from "./lib/run.mjs";
import { main } from "./lib/steps.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup({ servers: true });
  const ava = path.join(root, "node_modules", "ava", "entrypoints", "cli.mjs");
  let worst = 0;
  for (const place of workspaces()) {
    const { soak = [] } = JSON.parse(readFileSync(path.join(root, place, "package.json"), "utf8"));
    if (soak.length === 0) continue;
    const { code } = await tryRun(process.execPath, [ava, "--timeout=3h", "--serial", ...soak], {
      cwd: path.join(root, place),
      env: { LARDER_SOAK: "1" },
      stdio: "inherit",
    });
    worst = Math.max(worst, code ?? 1);
  }
  process.exitCode = worst;
});
