import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { PasswordHash } from "../xmpp-server/scram.js";
import {
  inPrivatePlace,
  type Launch,
  type Place,
  XmppServer,
  type XmppServerOptions,
} from "../xmpp-server/xmpp-server.js";
import { ejabberdConfiguration, MAX_ITEMS } from "./configuration.js";
import { EjabberdDatabase, type SeedItem } from "./database.js";
import { type EjabberdProgram, findEjabberd } from "./program.js";

/** How {@link startEjabberd} sets its server up. */
export interface EjabberdOptions extends XmppServerOptions {
  /** Whether accounts and rooms have an archive (XEP-0313); default true. ejabberd has it for both or for none. */
  readonly mam?: boolean;
  /** Default `SHA-256`: SCRAM-SHA-256 is offered; with `SHA-1`, SCRAM-SHA-1. */
  readonly passwordHash?: PasswordHash;
}

/** Where {@link EjabberdServer.fillNode} puts items, and in whose name. */
export interface FillOptions {
  /** Name (localpart) of the account that owns the node if it is made, and publishes the items. */
  readonly owner: string;
  /** Default the pubsub service; `pep` is the owner's own. */
  readonly service?: "pubsub" | "pep";
  /** When the first item was published, each further one a second later; default 13 September 2020. */
  readonly at?: Date;
}

/** Well before any real publish, so that what is published later is the newest. */
const SEED_START = new Date(1_600_000_000_000);

/** A private ejabberd; its nodes hold up to 200_000 items. */
export class EjabberdServer extends XmppServer {
  private constructor(
    private readonly options: EjabberdOptions,
    place: Place,
    private readonly installed: EjabberdProgram,
    private readonly database: EjabberdDatabase,
  ) {
    super("ejabberd", place, options.startTimeoutMs);
  }

  /** @internal use {@link startEjabberd} */
  static async start(options: EjabberdOptions): Promise<EjabberdServer> {
    const program = findEjabberd();
    return inPrivatePlace("ejabberd", options, async (place) => {
      const file = path.join(place.directory, "data", "ejabberd.sqlite");
      const database = await EjabberdDatabase.create(file, program.schema);
      try {
        const server = new EjabberdServer(options, place, program, database);
        await server.begin(options.users);
        return server;
      } catch (error) {
        await database.close();
        throw error;
      }
    });
  }

  override log(): string {
    return path.join(this.place.directory, "ejabberd.log");
  }

  override async addUser(name: string, password: string): Promise<void> {
    await this.database.addUser(name, password, this.options.passwordHash ?? "SHA-256");
  }

  /**
   * Puts many items into a node at once, past the protocol: 20,000 take about a second, where publishing takes minutes.
   * The node is made, open to all, where there is none. Nobody is notified; the next read sees the items, in this
   * order and older than anything published since. An id that is there already is overwritten.
   */
  async fillNode(node: string, items: Iterable<SeedItem>, options: FillOptions): Promise<void> {
    const owner = `${options.owner}@${this.domain}`;
    const pep = options.service === "pep";
    const host = pep ? owner : this.pubsub;
    await this.database.fill(
      { host, node, owner, pep, maxItems: MAX_ITEMS },
      items,
      options.at ?? SEED_START,
    );
  }

  protected override async cleanUp(): Promise<void> {
    await this.database.close();
  }

  protected override async prepare(): Promise<Launch> {
    const { options, place, installed } = this;
    const { directory } = place;
    const file = (name: string) => path.join(directory, name);
    await writeFile(
      file("ejabberd.yml"),
      ejabberdConfiguration({
        domain: this.domain,
        pubsub: this.pubsub,
        rooms: this.rooms,
        host: this.host,
        port: this.port,
        tls: await this.#tls(),
        resumptionSeconds: options.resumptionSeconds ?? 600,
        mam: options.mam ?? true,
        passwordHash: options.passwordHash ?? "SHA-256",
        database: file("data/ejabberd.sqlite"),
      }),
    );
    const ports = place.certificates ? [this.port, this.directTlsPort] : [this.port];
    return {
      command: installed.erl,
      // No node name: nothing but our ports listens, and no epmd is started, which all servers here would share.
      args: [
        ...["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"], // idle threads must not spin: tests share the processor
        ...["-noinput", "-pa", installed.modules, "-mnesia", "dir", JSON.stringify(file("data/mnesia"))],
        ...["-s", "ejabberd"],
      ],
      options: {
        cwd: directory,
        env: {
          PATH: process.env.PATH,
          LANG: "C.UTF-8",
          HOME: directory,
          EJABBERD_CONFIG_PATH: file("ejabberd.yml"),
          EJABBERD_LOG_PATH: this.log(),
          CONTRIB_MODULES_PATH: file("data"),
          ERL_CRASH_DUMP: file("crash.dump"),
        },
      },
      state: (log) => {
        if (/Failed to open socket .*(address already in use|eaddrinuse)/i.test(log)) return "port-taken";
        return ports.every((port) => log.includes(`:${port} for ejabberd_c2s`)) ? "listening" : "starting";
      },
    };
  }

  /** ejabberd wants certificate and key in one file. */
  async #tls(): Promise<{ file: string; directPort: number } | undefined> {
    const { certificates, directory } = this.place;
    if (!certificates) return undefined;
    const file = path.join(directory, "tls", "both.pem");
    const parts = [certificates.certificateFile, certificates.keyFile].map((part) => readFile(part, "utf8"));
    await writeFile(file, (await Promise.all(parts)).join(""), { mode: 0o600 });
    return { file, directPort: this.directTlsPort };
  }
}

/**
 * Starts a private ejabberd 23.01 and resolves when clients can connect.
 *
 * @throws {Error} ejabberd, Erlang or `openssl` is not installed (the message names the remedy), or the server did not
 *   start (the message ends with the tail of its log)
 */
export function startEjabberd(options: EjabberdOptions = {}): Promise<EjabberdServer> {
  return EjabberdServer.start(options);
}
