import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../test/slixmpp/peer.py", import.meta.url));

/** What slixmpp tells by itself. */
export interface PeerEvent {
  readonly event: "online" | "failed" | "message" | "retraction" | "receipt" | "displayed" | "reactions";
  readonly sender?: string;
  readonly id?: string;
  readonly body?: string;
  readonly origin?: string;
  readonly replaces?: string;
  /** The id that the room gave. */
  readonly roomId?: string;
  /** The whole set, sorted. */
  readonly reactions?: readonly string[];
  /** Type of the stanza. */
  readonly kind?: string;
}

/** A message as slixmpp reads it from an archive. */
export interface ArchivedMessage {
  readonly archiveId: string;
  readonly id: string;
  readonly body: string;
  readonly origin: string;
  readonly sender: string;
}

/** A client of another make, as the other side: slixmpp, in a process of its own. */
export class SlixmppPeer {
  readonly events: PeerEvent[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  readonly #listeners = new Set<() => void>();
  #errors = "";
  #number = 0;

  private constructor(readonly jid: string) {
    // Debian's own Python, which alone has Debian's packages.
    this.#child = spawn("/usr/bin/python3", ["-I", program], { stdio: ["pipe", "pipe", "pipe"] });
    this.#ended = once(this.#child, "exit");
    this.#child.stderr?.on("data", (text) => {
      this.#errors = `${this.#errors}${text}`.slice(-5000);
    });
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(line));
  }

  /** Resolves when it is online. */
  static async connect(
    server: { host: string; port: number; caFile: string },
    jid: string,
    password: string,
  ): Promise<SlixmppPeer> {
    const peer = new SlixmppPeer(jid);
    const { host, port, caFile } = server;
    peer.#write({ jid, password, host, port, caFile });
    await peer.until(({ event }) => event === "online");
    return peer;
  }

  #write(value: object): void {
    this.#child.stdin?.write(`${JSON.stringify(value)}\n`);
  }

  #take(line: string): void {
    const told = JSON.parse(line) as Record<string, unknown> & Partial<PeerEvent>;
    if (typeof told.answer === "number") {
      this.#waiting.get(told.answer)?.(told);
      this.#waiting.delete(told.answer);
    } else this.events.push(told as unknown as PeerEvent);
    for (const listener of this.#listeners) listener();
  }

  /** The first event that fits, among those that were and will be. */
  async until(fits: (event: PeerEvent) => boolean): Promise<PeerEvent> {
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      await Promise.race([
        new Promise<void>((resolve) => {
          const listener = () => {
            this.#listeners.delete(listener);
            resolve();
          };
          this.#listeners.add(listener);
        }),
        this.#ended.then(() => {
          throw new Error(`slixmpp has ended: ${this.#errors}`);
        }),
      ]);
    }
  }

  async run(command: { do: string } & Record<string, unknown>): Promise<Record<string, unknown>> {
    const number = ++this.#number;
    const answer = new Promise<Record<string, unknown>>((resolve) => this.#waiting.set(number, resolve));
    this.#write({ ...command, number });
    const told = await Promise.race([
      answer,
      this.#ended.then(() => {
        throw new Error(`slixmpp has ended: ${this.#errors}`);
      }),
    ]);
    if (told.error !== undefined) throw new Error(`slixmpp: ${String(told.error)}`);
    return told;
  }

  async archive(query: { with?: string; of?: string } = {}): Promise<ArchivedMessage[]> {
    return (await this.run({ do: "archive", ...query })).messages as ArchivedMessage[];
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
