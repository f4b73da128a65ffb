import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { manifest, root } from "./root.mjs";
import { run } from "./run.mjs";

let directory;

/** The pinned pnpm, for example `pnpm@10.34.9` (the checksum that may follow is corepack's). */
const pinned = () => manifest().packageManager.split("+")[0];

/** Where npx put pnpm; asking npx again costs two seconds. */
const place = path.join(root, "node_modules", ".larder-pnpm");

function remembered() {
  if (!existsSync(place)) return undefined;
  const [version, found] = readFileSync(place, "utf8").split("\n");
  return version === pinned() && existsSync(path.join(found, "pnpm")) ? found : undefined;
}

/** PATH with the pinned pnpm first: Turborepo looks for a `pnpm` there, and nobody should have to install one. */
export async function pathWithPnpm() {
  directory ??= remembered();
  if (directory === undefined) {
    const found = await run("npx", ["-y", "-p", pinned(), "-c", "command -v pnpm"], {
      env: { npm_config_update_notifier: "false", npm_config_loglevel: "error" },
    });
    directory = path.dirname(found.output.trim().split("\n").at(-1));
    if (existsSync(path.join(root, "node_modules"))) writeFileSync(place, `${pinned()}\n${directory}`);
  }
  return [directory, process.env.PATH].join(path.delimiter);
}

/** Directories of the workspace that have a manifest, relative to the root. */
export function workspaces() {
  const parents = ["packages", "apps"].filter((parent) => existsSync(path.join(root, parent)));
  const nested = parents.flatMap((parent) =>
    readdirSync(path.join(root, parent)).map((name) => path.join(parent, name)),
  );
  return [...nested, "bench", "demo"]
    .filter((name) => existsSync(path.join(root, name, "package.json")))
    .sort();
}

/** What decides whether node_modules is up to date. */
function fingerprint() {
  const hash = createHash("sha256").update(process.versions.modules).update(process.arch);
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"];
  for (const file of [...files, ...workspaces().map((name) => path.join(name, "package.json"))])
    hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}

const stamp = path.join(root, "node_modules", ".larder-installed");

/** Whether `install` would change nothing. */
export function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint();
}

/**
 * Node's headers, where they came with it, as node-gyp takes them: compiling sqlite3 then needs nothing from
 * nodejs.org, which not every machine reaches. A `nodedir` in the environment is somebody's choice and stays.
 */
function headers() {
  const prefix = path.resolve(process.execPath, "..", "..");
  const file = path.join(prefix, "include", "node", "node_version.h");
  if (process.env.npm_config_nodedir || !existsSync(file)) return {};
  const text = readFileSync(file, "utf8");
  const number = (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1];
  const version = ["MAJOR", "MINOR", "PATCH"].map(number).join(".");
  return version === process.versions.node ? { npm_config_nodedir: prefix } : {};
}

/** Installs exactly what the lockfile says. What the packages' own scripts print is shown where that fails. */
export async function install() {
  await run("pnpm", ["install", "--frozen-lockfile", "--reporter=append-only"], {
    env: { ...headers(), PATH: await pathWithPnpm(), CI: "true" }, // CI: never ask anything
  });
  writeFileSync(stamp, fingerprint());
}
