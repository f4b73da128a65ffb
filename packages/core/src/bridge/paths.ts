import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { InvalidParamsError } from "../errors/errors.js";

/** Where one instance keeps its things. */
export interface InstancePaths {
  /** larder.toml, and secrets beside it. */
  readonly config: string;
  /** The database. */
  readonly data: string;
  /** Secrets, lock and logs. */
  readonly state: string;
  /** Holds the socket. */
  readonly runtime: string;
  readonly socket: string;
  readonly configFile: string;
  readonly secretsFile: string;
  /** Secret that digests of messages are made with. */
  readonly digestKeyFile: string;
  readonly lockFile: string;
  /** LARDER_DATABASE_URL, or SQLite in the data directory. */
  readonly databaseUrl: string;
}

/** The longest path a Unix socket may have (107 bytes and a zero); some systems cut a longer one silently. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * The places of an instance, from the environment: all under LARDER_HOME where it is set, else the XDG
 * base directories.
 *
 * @throws {InvalidParamsError} the socket's path is too long for a socket
 */
export function instancePaths(
  env: Readonly<Record<string, string | undefined>> = process.env,
): InstancePaths {
  const home = env.LARDER_HOME ? resolve(env.LARDER_HOME) : undefined;
  const user = env.HOME || homedir();
  const xdg = (name: string, fallback: string) => home ?? join(env[name] || join(user, fallback), "larder");
  const config = xdg("XDG_CONFIG_HOME", ".config");
  const data = xdg("XDG_DATA_HOME", ".local/share");
  const state = xdg("XDG_STATE_HOME", ".local/state");
  const runtime = home ?? (env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, "larder") : state);
  const socket = join(runtime, "larder.sock");
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH_BYTES) {
    throw new InvalidParamsError(
      home ? "LARDER_HOME" : "XDG_RUNTIME_DIR",
      `the socket's path is longer than ${MAX_SOCKET_PATH_BYTES} bytes (${socket}): choose a shorter ${home ? "LARDER_HOME" : "XDG_RUNTIME_DIR"}`,
    );
  }
  return {
    config,
    data,
    state,
    runtime,
    socket,
    configFile: join(config, "larder.toml"),
    secretsFile: join(state, "secrets.json"),
    digestKeyFile: join(state, "digest.key"),
    lockFile: join(runtime, "larder.lock"),
    databaseUrl: env.LARDER_DATABASE_URL || `sqlite:${join(data, "larder.db")}`,
  };
}

/**
 * Where the socket of a running daemon may be, the likeliest first. A daemon that was started in a login session has it in the
 * runtime directory, which a client started by cron or sudo is not told of; and the other way round.
 *
 * @throws {InvalidParamsError} the socket's path is too long for a socket
 */
export function socketCandidates(
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number | undefined = process.getuid?.(),
): readonly string[] {
  const first = instancePaths(env).socket;
  if (env.LARDER_HOME) return [first];
  const runtimes = [uid === undefined ? undefined : `/run/user/${uid}`, undefined];
  const others = runtimes.map((XDG_RUNTIME_DIR) => instancePaths({ ...env, XDG_RUNTIME_DIR }).socket);
  return [...new Set([first, ...others])];
}
