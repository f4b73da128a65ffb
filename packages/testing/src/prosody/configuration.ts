import type { CertificateFiles } from "../xmpp-server/certificates.js";
import type { PasswordHash } from "../xmpp-server/scram.js";

/** What {@link prosodyConfiguration} needs to know. Paths are absolute, durations in seconds. */
export interface ProsodySettings {
  readonly domain: string;
  readonly pubsub: string;
  readonly rooms: string;
  readonly host: string;
  readonly port: number;
  readonly directTlsPort: number;
  readonly tls: CertificateFiles | undefined;
  readonly resumptionSeconds: number;
  readonly mam: boolean;
  readonly moderation: boolean;
  readonly storage: "sql" | "internal";
  readonly passwordHash: PasswordHash;
  readonly dataDirectory: string;
  readonly pluginDirectory: string;
  readonly logFile: string;
}

/** The name of our own Prosody module, see {@link PLUGIN}. */
export const PLUGIN_NAME = "larder_testing";

/**
 * A module for the pubsub component. Prosody 0.12 lets only administrators create nodes there, who then own
 * every node of others too; here any local user may create, and owns what was created. It also spares the
 * database a synchronous write per item: data survives a killed Prosody, not a power cut.
 */
export const PLUGIN = `local jid_host = require "util.jid".host;
local service = module:depends("pubsub").get_service();
local get_affiliation = service.config.get_affiliation;
service.config.get_affiliation = function (jid, node, action)
	local host = prosody.hosts[jid_host(jid)];
	if action == "create" and host and host.type == "local" then return "owner"; end
	return get_affiliation(jid, node, action);
end
for _, engine in pairs(module:shared("/*/sql/connections")) do
	engine:connect();
	engine:execute("PRAGMA synchronous = OFF");
end
`;

/** A string literal of Lua; JSON's escapes are a subset for the paths and names used here. */
const lua = (text: string) => JSON.stringify(text);

/** The configuration file of a private Prosody 0.12: loopback only, no federation, no rate limits. */
export function prosodyConfiguration(settings: ProsodySettings): string {
  const { tls, dataDirectory } = settings;
  const modules = [
    ...["roster", "saslauth", "disco", "private", "blocklist", "vcard4", "ping", "pep", "carbons", "smacks"],
    ...(settings.mam ? ["mam"] : []),
    ...(tls ? ["tls"] : []),
  ];
  const disabled = ["s2s", "limits", ...(tls ? [] : ["tls"])];
  const encryption = tls
    ? `c2s_require_encryption = true
c2s_direct_tls_ports = { ${settings.directTlsPort} }
ssl = { certificate = ${lua(tls.certificateFile)}, key = ${lua(tls.keyFile)} }
c2s_direct_tls_ssl = ssl`
    : `c2s_require_encryption = false
allow_unencrypted_plain_auth = true`;
  const storage =
    settings.storage === "sql"
      ? `default_storage = "sql" -- the file store reads a whole node again on every publish
storage = { accounts = "internal" } -- so that an account is one file
sql = { driver = "SQLite3", database = ${lua(`${dataDirectory}/prosody.sqlite`)} }`
      : `default_storage = "internal"`;
  return `${process.getuid?.() === 0 ? "run_as_root = true\n" : ""}daemonize = false
data_path = ${lua(dataDirectory)}
certificates = ${lua(`${dataDirectory}/../tls`)}
plugin_paths = { ${lua(settings.pluginDirectory)} }
log = { info = ${lua(settings.logFile)} }
interfaces = { ${lua(settings.host)} }
c2s_ports = { ${settings.port} }
c2s_close_timeout = 1
c2s_stanza_size_limit = 10 * 1024 * 1024
modules_enabled = { ${modules.map(lua).join(", ")} }
modules_disabled = { ${disabled.map(lua).join(", ")} }
${encryption}
smacks_hibernation_time = ${settings.resumptionSeconds}
authentication = "internal_hashed"
password_hash = ${lua(settings.passwordHash)}
${storage}
storage_archive_item_limit = 1000000
archive_expires_after = "never"
max_archive_query_results = 1000
pep_max_items = 200000
VirtualHost ${lua(settings.domain)}
Component ${lua(settings.pubsub)} "pubsub"
  pubsub_max_items = 200000
  expose_publisher = true
  modules_enabled = { ${lua(PLUGIN_NAME)} }
Component ${lua(settings.rooms)} "muc"
  modules_enabled = { "muc_mam"${settings.moderation ? ', "muc_moderation"' : ""} }
  muc_log_by_default = true
  muc_log_expires_after = "never"
  muc_room_locking = false
  muc_room_default_persistent = true
`;
}
