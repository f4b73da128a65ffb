import type { PasswordHash } from "../xmpp-server/scram.js";

/** What {@link ejabberdConfiguration} needs to know. Paths are absolute, durations in seconds. */
export interface EjabberdSettings {
  readonly domain: string;
  readonly pubsub: string;
  readonly rooms: string;
  readonly host: string;
  readonly port: number;
  /** Without it nothing is encrypted: the file with certificate and key, and the port of direct TLS. */
  readonly tls: { readonly file: string; readonly directPort: number } | undefined;
  readonly resumptionSeconds: number;
  readonly mam: boolean;
  readonly passwordHash: PasswordHash;
  readonly database: string;
}

/** Most items of a node. */
export const MAX_ITEMS = 200_000;
const STANZA_BYTES = 10 * 1024 * 1024;

/**
 * The configuration of a private ejabberd 23.01: loopback only, no federation, no rate limits, everything that must
 * survive a kill in SQLite. JSON is YAML, and needs no care with quotes.
 */
export function ejabberdConfiguration(settings: EjabberdSettings): string {
  const { tls, host, port } = settings;
  const listener = {
    ip: host,
    module: "ejabberd_c2s",
    max_stanza_size: STANZA_BYTES,
    access: "all",
    shaper: "none",
  };
  const listen = tls
    ? [
        { port, ...listener, starttls: true, starttls_required: true },
        { port: tls.directPort, ...listener, tls: true },
      ]
    : [{ port, ...listener }];
  const configuration = {
    hosts: [settings.domain],
    loglevel: "info", // which ports are listened on is told at this level
    log_rotate_size: "infinity",
    listen,
    ...(tls ? { certfiles: [tls.file] } : {}),
    auth_method: "sql",
    auth_password_format: "scram",
    auth_scram_hash: settings.passwordHash === "SHA-1" ? "sha" : "sha256",
    auth_use_cache: false, // accounts are added under it
    default_db: "sql",
    default_ram_db: "mnesia",
    sql_type: "sqlite",
    sql_database: settings.database,
    sql_pool_size: 1,
    use_cache: false,
    disable_sasl_mechanisms: ["digest-md5", "X-OAUTH2"],
    registration_timeout: "infinity",
    modules: {
      mod_disco: {},
      mod_caps: {},
      mod_roster: { versioning: true },
      mod_vcard: { search: false },
      mod_ping: {},
      mod_private: {},
      mod_blocking: {},
      mod_privacy: {},
      mod_carboncopy: {},
      mod_offline: {},
      ...(settings.mam ? { mod_mam: { default: "always", assume_mam_usage: true } } : {}),
      mod_stream_mgmt: { resume_timeout: settings.resumptionSeconds, max_ack_queue: 50_000 },
      mod_muc: {
        host: settings.rooms,
        access: "all",
        access_create: "all",
        default_room_options: { mam: settings.mam, persistent: true, public: true },
      },
      mod_pubsub: {
        host: settings.pubsub,
        access_createnode: "all",
        max_items_node: MAX_ITEMS,
        plugins: ["flat", "pep"],
        default_node_config: { max_items: MAX_ITEMS, max_payload_size: STANZA_BYTES },
      },
    },
  };
  return `${JSON.stringify(configuration, undefined, 2)}\n`;
}
