// Makes a fresh machine ready: dependencies, compiled packages, servers for the tests. Safe to run again.
import { pathToFileURL } from "node:url";
import { installMissing, packages } from "./lib/debian.mjs";
import { install, isInstalled } from "./lib/pnpm.mjs";
import { manifest } from "./lib/root.mjs";
import { main, Remedy, step } from "./lib/steps.mjs";
import { build } from "./lib/turbo.mjs";

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor] = manifest()
    .engines.node.replace(/[^\d.]/g, "")
    .split(".")
    .map(Number);
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor))
    throw new Remedy(`Node.js ${process.versions.node} is too old: ${manifest().engines.node} is needed`);
}

/** @param options.servers whether to install what tests and demo need */
export async function setup({ servers = true } = {}) {
  checkNode();
  if (!isInstalled()) {
    await step("compiler for native modules", () => installMissing(packages.toolchain));
    await step("dependencies", install);
  }
  await step("build", build);
  if (servers) await step("servers for tests", () => installMissing(packages.servers));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(() => setup());
