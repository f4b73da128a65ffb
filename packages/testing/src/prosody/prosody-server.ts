import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { requireCommand } from "../process/require-command.js";
import type { CertificateKind } from "../xmpp-server/certificates.js";
import type { PasswordHash } from "../xmpp-server/scram.js";
import {
  inPrivatePlace,
  type Launch,
  type Place,
  XmppServer,
  type XmppServerOptions,
} from "../xmpp-server/xmpp-server.js";
import { writeAccount } from "./accounts.js";
import { PLUGIN, PLUGIN_NAME, prosodyConfiguration } from "./configuration.js";

/** How {@link startProsody} sets its server up. */
export interface ProsodyOptions extends XmppServerOptions {
  /** Which certificate is shown; default `valid`. */
  readonly certificate?: CertificateKind;
  /** Default `sql` (SQLite); `internal` keeps files, which is slow for large nodes. */
  readonly storage?: "sql" | "internal";
  /** Default `SHA-256`: SCRAM-SHA-256 (and PLAIN) is offered; with `SHA-1`, SCRAM-SHA-1. */
  readonly passwordHash?: PasswordHash;
  /** Whether rooms have moderation (XEP-0425), in the version of Debian's prosody-modules; default false. */
  readonly moderation?: boolean;
}

/** A private Prosody; its nodes hold up to 200_000 items. */
export class ProsodyServer extends XmppServer {
  private constructor(
    private readonly options: ProsodyOptions,
    place: Place,
  ) {
    super("Prosody", place, options.startTimeoutMs);
  }

  /** @internal use {@link startProsody} */
  static async start(options: ProsodyOptions): Promise<ProsodyServer> {
    requireCommand("prosody");
    return inPrivatePlace("prosody", options, async (place) => {
      const plugins = path.join(place.directory, "plugins");
      await mkdir(plugins);
      await writeFile(path.join(plugins, `mod_${PLUGIN_NAME}.lua`), PLUGIN);
      const server = new ProsodyServer(options, place);
      await server.begin(options.users);
      return server;
    });
  }

  override log(): string {
    return path.join(this.place.directory, "prosody.log");
  }

  override async addUser(name: string, password: string): Promise<void> {
    const { directory } = this.place;
    const hash = this.options.passwordHash ?? "SHA-256";
    await writeAccount(path.join(directory, "data"), this.domain, name, password, hash);
  }

  protected override async prepare(): Promise<Launch> {
    const { options, place } = this;
    const configuration = path.join(place.directory, "prosody.cfg.lua");
    await writeFile(
      configuration,
      prosodyConfiguration({
        domain: this.domain,
        pubsub: this.pubsub,
        rooms: this.rooms,
        host: this.host,
        port: this.port,
        directTlsPort: this.directTlsPort,
        tls: place.certificates,
        resumptionSeconds: options.resumptionSeconds ?? 600,
        mam: options.mam ?? true,
        moderation: options.moderation ?? false,
        storage: options.storage ?? "sql",
        passwordHash: options.passwordHash ?? "SHA-256",
        dataDirectory: path.join(place.directory, "data"),
        pluginDirectory: path.join(place.directory, "plugins"),
        logFile: this.log(),
      }),
    );
    const ports = place.certificates ? [this.port, this.directTlsPort] : [this.port];
    return {
      command: requireCommand("prosody"),
      args: ["--config", configuration, "-F"],
      state: (log) => {
        if (log.includes("Failed to open server port")) return "port-taken";
        return ports.every((port) => log.includes(`]:${port}`)) ? "listening" : "starting";
      },
    };
  }
}

/**
 * Starts a private Prosody 0.12 and resolves when clients can connect.
 *
 * @throws {Error} `prosody` or `openssl` is not installed (the message names the remedy), or the server did not
 *   start (the message ends with the tail of its log)
 */
export function startProsody(options: ProsodyOptions = {}): Promise<ProsodyServer> {
  return ProsodyServer.start(options);
}
