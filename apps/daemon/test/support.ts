import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  BridgeClient,
  type BridgeMethod,
  type BridgeParams,
  type BridgeResult,
  bridgeMethods,
  bridgeSignals,
  DaemonUnreachableError,
  instancePaths,
  type ReceivedSignal,
} from "@larder/core";
import type { XmppServer } from "@larder/testing";
import type { ExecutionContext } from "ava";

const program = fileURLToPath(new URL("../bin/larderd.cjs", import.meta.url));

/** A home that is removed after the test. */
export async function temporaryHome(t: ExecutionContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "larderd-"));
  t.teardown(() => rm(home, { recursive: true, force: true }));
  return home;
}

export interface RunningDaemon {
  readonly home: string;
  readonly process: ChildProcess;
  /** What it wrote to standard error so far. */
  log(): string;
  connect(): Promise<TestClient>;
  /** Sends the signal and resolves with the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

/** The real program in a process of its own; it is ended after the test. */
export async function startDaemon(
  t: ExecutionContext,
  options: { home?: string; env?: Record<string, string> } = {},
): Promise<RunningDaemon> {
  const home = options.home ?? (await temporaryHome(t));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, LARDER_HOME: home, ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  const ended = once(child, "exit");
  t.teardown(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    home,
    process: child,
    log: () => log,
    connect: () => connectTo(t, home, child, () => log),
    async end(signal) {
      child.kill(signal);
      const [code, killedBy] = (await ended) as [number | null, string | null];
      return code ?? killedBy ?? "";
    },
  };
}

async function connectTo(
  t: ExecutionContext,
  home: string,
  child: ChildProcess,
  log: () => string,
): Promise<TestClient> {
  const { socket } = instancePaths({ LARDER_HOME: home });
  for (;;) {
    try {
      const client = new TestClient(await BridgeClient.connect(socket));
      t.teardown(() => client.bridge.close());
      return client;
    } catch (error) {
      if (!(error instanceof DaemonUnreachableError) || child.exitCode !== null)
        throw new Error(`no daemon: ${log()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 20)); // nothing tells that a socket is there
    }
  }
}

/** A client that checks every result and signal against the bridge's schemas. */
export class TestClient {
  readonly #seen: ReceivedSignal[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(readonly bridge: BridgeClient) {
    bridge.onSignal((signal) => {
      bridgeSignals[signal.signal].parse(signal.params);
      this.#seen.push(signal);
      for (const wake of this.#waiting) wake();
    });
  }

  async call<M extends BridgeMethod>(method: M, params?: BridgeParams<M>): Promise<BridgeResult<M>> {
    const result = await this.bridge.request(method, params ?? {});
    return bridgeMethods[method].result.parse(result) as BridgeResult<M>;
  }

  /** Waits for a signal that `pick` accepts, in the order of arrival; what it passes over stays for others. */
  async signal<T>(pick: (signal: ReceivedSignal) => T | undefined | false): Promise<T> {
    for (;;) {
      for (const [index, signal] of this.#seen.entries()) {
        const picked = pick(signal);
        if (picked === undefined || picked === false) continue;
        this.#seen.splice(index, 1);
        return picked;
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }
}

/** What is needed of a server, whichever it is. */
type TestServer = Pick<XmppServer, "domain" | "service" | "caFile" | "addUser">;

let people = 0;

/** Registers a user that no other test has, adds its account and waits until it is online. */
export async function addAccount(
  client: TestClient,
  server: TestServer,
  name: string,
  password = name,
): Promise<string> {
  const user = `${name}${++people}`;
  await server.addUser(user, password);
  return addAgain(client, server, `${user}@${server.domain}`, password);
}

/** Adds the account of a user that is registered already. */
export async function addAgain(
  client: TestClient,
  server: TestServer,
  jid: string,
  password: string,
): Promise<string> {
  await client.call("account_add", {
    jid,
    password,
    service: server.service,
    caFile: server.caFile,
    autoConnect: false,
  });
  await client.call("account_connect", { account: jid });
  // What the archive has when it is read for the first time is told by progress alone: from here on it is told.
  await client.call("history_sync", { account: jid }).catch(() => {});
  return jid;
}

/** The error that a call ends with. */
export async function failure(
  call: Promise<unknown>,
): Promise<{ message: string; code: number; type: string; path?: string; condition?: string }> {
  try {
    await call;
  } catch (error) {
    return error as { message: string; code: number; type: string; path?: string; condition?: string };
  }
  throw new Error("the call succeeded");
}
