import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { requireCommand } from "../process/require-command.js";

/** Where Debian and Ubuntu put it: /usr/lib/TRIPLET/ejabberd-VERSION. */
const LIBRARIES = "/usr/lib";

/** What of ejabberd a private copy needs. */
export interface EjabberdProgram {
  /** The Erlang interpreter. */
  readonly erl: string;
  /** Directory with ejabberd's own compiled modules. */
  readonly modules: string;
  /** The statements that make its SQLite database. */
  readonly schema: string;
}

function subdirectories(directory: string): string[] {
  return existsSync(directory)
    ? readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => path.join(directory, entry.name))
    : [];
}

/**
 * Finds Debian's ejabberd. Its `ejabberdctl` is of no use here: it insists on the system's user, on a node name and so
 * on epmd, which would outlive us and which servers side by side would share.
 *
 * @throws {Error} it, Erlang or Erlang's SQLite is not installed; the message names the remedy
 */
export function findEjabberd(): EjabberdProgram {
  const erl = requireCommand("erl");
  const modules = subdirectories(LIBRARIES)
    .flatMap((directory) =>
      subdirectories(directory).filter((name) => path.basename(name).startsWith("ejabberd-")),
    )
    .map((directory) => path.join(directory, "ebin"))
    .find((directory) => existsSync(path.join(directory, "ejabberd.beam")));
  const schema = "/usr/share/ejabberd/sql/lite.sql";
  if (modules === undefined || !existsSync(schema))
    throw new Error(`ejabberd is not installed: run "npm run setup"`);
  return { erl, modules, schema };
}
