import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { pathWithPnpm, workspaces } from "./pnpm.mjs";
import { root } from "./root.mjs";
import { run, tryRun } from "./run.mjs";

const turbo = path.join(root, "node_modules", ".bin", "turbo");

async function environment() {
  return {
    PATH: await pathWithPnpm(),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
  };
}

/** Runs Turborepo with these arguments; `onLine` gets its output as it comes. Resolves as `tryRun`. */
export async function runTurbo(args, options = {}) {
  return tryRun(turbo, args, { ...options, env: { ...(await environment()), ...options.env } });
}

/** Compiles every package; what is up to date comes from the cache. */
export async function build() {
  await run(turbo, ["run", "build", "--ui=stream", "--output-logs=errors-only"], {
    env: await environment(),
  });
  for (const name of workspaces()) {
    sweep(path.join(root, name, "dist"), path.join(root, name, "src"));
    sweep(path.join(root, name, "dist-test"), path.join(root, name, "test"));
  }
}

/** Removes output whose source is gone: the compiler leaves it, and a deleted test would still be run. */
function sweep(output, source) {
  if (!existsSync(output)) return;
  for (const entry of readdirSync(output, { withFileTypes: true })) {
    const file = path.join(output, entry.name);
    if (entry.isDirectory()) {
      if (existsSync(path.join(source, entry.name))) sweep(file, path.join(source, entry.name));
      else rmSync(file, { recursive: true });
      continue;
    }
    const stem = /^(.+?)(\.d\.ts|\.js)(\.map)?$/.exec(entry.name)?.[1];
    if (stem !== undefined && !existsSync(path.join(source, `${stem}.ts`))) rmSync(file);
  }
}
