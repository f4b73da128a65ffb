import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BridgeClient, instancePaths } from "@larder/core";
import { type ScriptedPeer, type ScriptedServer, startScriptedServer } from "@larder/testing";
import { bridgeOf } from "../bridge-of.js";

const PROGRAM = fileURLToPath(new URL("../../../apps/daemon/bin/larderd.cjs", import.meta.url));
/** Ticks of a processor's time in /proc, on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const PROBE_EVERY_MS = 20;

/** Costs of a flood. */
export interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Latency of calls of another client meanwhile, in milliseconds. */
  readonly latencies: readonly number[];
  /** Largest memory of the process so far, in MiB. */
  readonly peakMiB: number;
}

/** The real program with one account at a server in this process, which says what it is told to say. */
export class Victim implements AsyncDisposable {
  #markers = 0;

  private constructor(
    private readonly home: string,
    private readonly daemon: ReturnType<typeof spawn>,
    private readonly server: ScriptedServer,
    private readonly peer: ScriptedPeer,
    private readonly bridge: BridgeClient,
    private readonly probe: BridgeClient,
  ) {}

  static async start(): Promise<Victim> {
    const home = await mkdtemp(join(tmpdir(), "larder-hostile-"));
    await writeFile(join(home, "larder.toml"), 'log.level = "silent"\n');
    const server = await startScriptedServer({
      onElement: (peer, element) => {
        if (element.name !== "iq" || element.attrs.type === "result" || element.getChild("bind"))
          return false;
        if (element.getChild("query", "jabber:iq:roster"))
          peer.answer(element, "<query xmlns='jabber:iq:roster'/>");
        else if (element.getChild("enable") || element.getChild("ping")) peer.answer(element);
        else
          peer.send(
            `<iq type='error' id='${element.attrs.id}'${element.attrs.to ? ` from='${element.attrs.to}'` : ""}><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
          );
        return true;
      },
    });
    const daemon = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, LARDER_HOME: home },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const { socket } = instancePaths({ LARDER_HOME: home });
    const bridge = await bridgeOf(socket, () => daemon.exitCode !== null);
    const account = server.account("alice");
    await bridge.call("account_add", {
      jid: account.jid,
      password: "secret",
      service: account.service,
      tls: "disabled",
      autoConnect: false,
    });
    const [peer] = await Promise.all([
      server.online(),
      bridge.call("account_connect", { account: account.jid }),
    ]);
    await bridge.call("signals_subscribe", { signals: ["message_new"] });
    const victim = new Victim(home, daemon, server, peer, bridge, await BridgeClient.connect(socket));
    await victim.take("");
    return victim;
  }

  /** Sends stanzas, and waits until the daemon has handled them all. */
  async take(stanzas: string): Promise<Cost> {
    const marker = `marker-${++this.#markers}`;
    const handled = new Promise<void>((resolve) => {
      const stop = this.bridge.onSignal(({ signal, params }) => {
        if (signal !== "message_new" || params.message.bodies[0]?.text !== marker) return;
        stop();
        resolve();
      });
    });
    const latencies: number[] = [];
    const probing = new AbortController();
    const probes = this.#probe(latencies, probing.signal);
    const [from, cpu] = [performance.now(), await this.#cpuMs()];
    this.peer.write(stanzas);
    // Of the same sender, so that it is behind the flood, wherever that waits.
    this.peer.write(
      `<message from='mallory@example.org/r' to='alice@example.org' type='chat' id='${marker}'><body>${marker}</body></message>`,
    );
    await handled;
    const cost = { cpuMs: (await this.#cpuMs()) - cpu, wallMs: performance.now() - from };
    probing.abort();
    await probes;
    return { ...cost, latencies, peakMiB: await this.#peakMiB() };
  }

  /** Latencies of an idle daemon. */
  async idle(ms: number): Promise<readonly number[]> {
    const latencies: number[] = [];
    const probing = new AbortController();
    const probes = this.#probe(latencies, probing.signal);
    await sleep(ms);
    probing.abort();
    await probes;
    return latencies;
  }

  async #probe(latencies: number[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const from = performance.now();
      await this.probe.call("version_get");
      latencies.push(performance.now() - from);
      await sleep(PROBE_EVERY_MS);
    }
  }

  async #cpuMs(): Promise<number> {
    const stat = await readFile(`/proc/${this.daemon.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  }

  async #peakMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.daemon.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bridge.close();
    await this.probe.close();
    const ended = new Promise((resolve) => this.daemon.once("exit", resolve));
    this.daemon.kill("SIGKILL");
    await ended;
    await this.server.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}
