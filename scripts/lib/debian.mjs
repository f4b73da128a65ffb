import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { tryRun } from "./run.mjs";
import { Remedy } from "./steps.mjs";

/**
 * Debian packages by purpose. `command` proves the package without asking dpkg (it may come from elsewhere), in PATH
 * or in `versions`/NUMBER/bin, where Debian keeps what may be there in several versions;
 * `service` is a system service (or several, with spaces between) that must neither run now nor start with the machine because of us.
 */
export const packages = {
  /** To compile sqlite3 where no prebuilt binary fits. */
  toolchain: [
    { name: "python3", command: "python3" },
    { name: "make", command: "make" },
    { name: "g++", command: "g++" },
  ],
  /** Servers for tests and demo; packages/testing starts private copies of them. */
  servers: [
    { name: "prosody", command: "prosody", service: "prosody.service" },
    { name: "lua-dbi-sqlite3" }, // Prosody's SQL storage
    { name: "prosody-modules" }, // moderation of rooms
    // erl first: the epmd that comes with it is nobody's yet only where it was missing
    { name: "erlang-base", command: "erl", service: "epmd.socket epmd.service" },
    { name: "ejabberd", command: "ejabberdctl", service: "ejabberd.service" },
    { name: "erlang-p1-sqlite3" }, // ejabberd's SQL storage
    { name: "openssl", command: "openssl" },
    { name: "python3-slixmpp" }, // the other side of tests: a client that is not ours
    {
      name: "postgresql",
      command: "initdb",
      versions: "/usr/lib/postgresql",
      service: "postgresql.service",
    },
  ],
};

function isIn(directories, command) {
  return directories.some((directory) => {
    try {
      accessSync(path.join(directory, command), constants.X_OK);
      return directory !== "";
    } catch {
      return false;
    }
  });
}

const inPath = (command) => isIn((process.env.PATH ?? "").split(path.delimiter), command);

function versionDirectories(root) {
  return existsSync(root) ? readdirSync(root).map((version) => path.join(root, version, "bin")) : [];
}

async function isInstalled({ name, command, versions }) {
  if (versions && isIn(versionDirectories(versions), command)) return true;
  if (command) return inPath(command);
  if (!inPath("dpkg")) return true; // no Debian: the program that needs it will say so
  const { output } = await tryRun("dpkg", ["--status", name]);
  return output.includes("install ok installed");
}

/**
 * Runs as root. While packages are installed, policy-rc.d forbids starting services (one that is there already is
 * kept, unless an earlier run of ours was killed and left it behind), and PostgreSQL's scripts are told to make no
 * cluster for the whole machine.
 */
const INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
mark='# temporary, by the set-up of Larder'
clusters=/etc/postgresql-common/createcluster.d
own=
clean() {
  rm -f "$clusters/larder-setup.conf"
  rmdir "$clusters" 2>/dev/null || true
  [ -z "$own" ] || rm -f "$policy"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
if [ ! -e "$policy" ] || grep -qF "$mark" "$policy"; then
  own=1
  printf '#!/bin/sh\\n%s\\nexit 101\\n' "$mark" > "$policy"
  chmod 755 "$policy"
fi
services=$1; shift
case " $* " in
  *' postgresql '*)
    mkdir -p "$clusters"
    printf '%s\\ncreate_main_cluster = false\\n' "$mark" > "$clusters/larder-setup.conf" ;;
esac
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; }
if ! apt-cache show "$@" >/dev/null 2>&1 || ! install "$@"; then
  apt-get update -o DPkg::Lock::Timeout=300
  install "$@"
fi
for service in $services; do
  if command -v systemctl >/dev/null; then systemctl disable --quiet "$service" || true; fi
done
`;

async function asRoot() {
  if (process.getuid?.() === 0) return { command: "sh", prefix: [] };
  if (!inPath("sudo")) return undefined;
  const { code } = await tryRun("sudo", ["-n", "true"]);
  if (code === 0) return { command: "sudo", prefix: ["-n", "sh"] };
  return process.stdin.isTTY ? { command: "sudo", prefix: ["sh"], stdio: "inherit" } : undefined;
}

/**
 * Installs what is missing of the packages given, without starting a system service.
 *
 * @returns a note for the step
 * @throws {Remedy} it cannot be done from here: the command to run
 */
export async function installMissing(wanted) {
  const missing = [];
  for (const entry of wanted) if (!(await isInstalled(entry))) missing.push(entry);
  if (missing.length === 0) return "all there";
  const names = missing.map(({ name }) => name);
  const root = existsSync("/etc/debian_version") && inPath("apt-get") ? await asRoot() : undefined;
  if (!root) {
    throw new Remedy(
      `Missing: ${names.join(", ")}. Install them, on Debian or Ubuntu with:  sudo apt-get install ${names.join(" ")}`,
    );
  }
  const services = missing.flatMap(({ service }) => service ?? []).join(" ");
  const args = [...root.prefix, "-c", INSTALL, "larder-setup", services, ...names];
  const result = await tryRun(root.command, args, { stdio: root.stdio });
  if (result.code !== 0) {
    throw new Remedy(
      `${result.output.trimEnd()}\nInstalling failed. Try:  sudo apt-get install ${names.join(" ")}`,
    );
  }
  for (const entry of missing) {
    if (!(await isInstalled(entry)))
      throw new Remedy(`${entry.name} was installed, but ${entry.command ?? "it"} is not found`);
  }
  return `installed ${names.join(", ")}`;
}
