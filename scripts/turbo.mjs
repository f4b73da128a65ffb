// Turborepo with the pinned pnpm in PATH, for package scripts: node scripts/turbo.mjs run build
import { main } from "./lib/steps.mjs";
import { runTurbo } from "./lib/turbo.mjs";

await main(async () => {
  const { code } = await runTurbo(process.argv.slice(2), { onLine: (line) => console.log(line) });
  process.exitCode = code ?? 1;
});
