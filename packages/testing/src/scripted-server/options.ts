import type { CertificateKind } from "../xmpp-server/certificates.js";
import type { ScriptedPeer } from "./scripted-peer.js";
import type { WireElement } from "./xml-stream.js";

/** How a {@link ScriptedServer} behaves; changes on `server.options` hold from then on. */
export interface ScriptedServerOptions {
  /** Default `example.org`. */
  domain: string;
  /** Name to password; default `alice` and `bob`, both with the password `secret`. */
  users: Record<string, string>;
  /** Default "none": clients have to allow an unencrypted connection to loopback. */
  tls: "none" | "starttls" | "direct";
  /** Default `valid`. */
  certificate: CertificateKind;
  /** Of SASL; default SCRAM-SHA-256. Empty: the feature is not offered. */
  mechanisms: string[];
  /** XEP-0440; default none announced. */
  channelBindings: string[] | undefined;
  /** SASL2 (XEP-0388) with Bind 2, inline stream management and FAST; default not offered. */
  sasl2: { mechanisms: string[]; fast?: string[]; bind2?: boolean; inlineManagement?: boolean } | undefined;
  /** Rounds of password hashing; default 4096. */
  iterations: number;
  /** The server cannot sign the end of a login. */
  impostor: boolean;
  /** Leaves the server's signature out of `<success/>`. */
  unsigned: boolean;
  /** XEP-0198; default "resume". */
  streamManagement: "none" | "ack" | "resume";
  /** Answer each `<r/>` with the count; default true. */
  acknowledges: boolean;
  /** A resumption that fails tells the count of the former session; default false. */
  tellsFormerCount: boolean;
  /** XML put into the features after the login. */
  features: string;
  /** Says nothing at all to a new connection. */
  mute: boolean;
  /** Sees each element of a client first; true keeps the server from acting on it. */
  onElement: ((peer: ScriptedPeer, element: WireElement) => boolean) | undefined;
}

export const defaultOptions: ScriptedServerOptions = {
  domain: "example.org",
  users: { alice: "secret", bob: "secret" },
  tls: "none",
  certificate: "valid",
  mechanisms: ["SCRAM-SHA-256"],
  channelBindings: undefined,
  sasl2: undefined,
  iterations: 4096,
  impostor: false,
  unsigned: false,
  streamManagement: "resume",
  acknowledges: true,
  tellsFormerCount: false,
  features: "",
  mute: false,
  onElement: undefined,
};
