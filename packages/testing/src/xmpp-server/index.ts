export type { CertificateKind } from "./certificates.js";
export type { PasswordHash } from "./scram.js";
export type { XmppServer, XmppServerOptions } from "./xmpp-server.js";
