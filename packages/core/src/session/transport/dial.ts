import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { domainToASCII } from "node:url";
import { ConnectionError, type LarderError, TlsError } from "../../errors/errors.js";
import { type Endpoint, formatEndpoint } from "./endpoints.js";
import { tlsFailure } from "./tls-errors.js";

/** Silence after which the kernel begins to ask the peer for a sign of life. */
const KEEP_ALIVE_MS = 60_000;

export interface Encryption {
  /** Whose certificate is expected: the account's domain, whatever the host is called (RFC 6120 §13.7.2). */
  domain: string;
  /** Authorities in PEM beside the usual ones. */
  ca?: string;
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "connection refused; is the server running, and is the port right?",
  ENOTFOUND: "no such host; check the domain, or say where to connect (service)",
  EAI_AGAIN: "the name cannot be looked up right now",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ECONNRESET: "the connection was reset",
};

/** What a socket's error means, in one line. */
export function socketFailure(error: unknown, place: string): ConnectionError {
  const { code, errors } = (error ?? {}) as { code?: string; errors?: { code?: string }[] };
  const known = code ?? errors?.[0]?.code ?? "";
  const text = reasons[known] ?? (error instanceof Error && error.message ? error.message : known);
  return new ConnectionError(`cannot reach ${place}: ${text}`, { cause: error });
}

/**
 * Opens a TCP connection. Nagle's algorithm is off: with it, one request at a time stalls for about 40 ms.
 *
 * @throws {ConnectionError} refused, unknown host, or no answer within `timeoutMs`
 */
export function openSocket(endpoint: Endpoint, timeoutMs: number, signal?: AbortSignal): Promise<net.Socket> {
  const place = formatEndpoint(endpoint);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: endpoint.host, port: endpoint.port });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const fail = (error: LarderError) => {
      settle();
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new ConnectionError(`cannot reach ${place}: no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const onAbort = () => fail(new ConnectionError(`the attempt to reach ${place} was called off`));
    const onError = (error: Error) => fail(socketFailure(error, place));
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
  });
}

/** The authorities that Node trusts by itself: giving `ca` would otherwise replace them. */
function usualAuthorities(): string[] {
  const newer = tls as { getCACertificates?: (type: string) => string[] };
  if (newer.getCACertificates) return newer.getCACertificates("default"); // Node 22.15 and later
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  try {
    return extra ? [...tls.rootCertificates, readFileSync(extra, "utf8")] : [...tls.rootCertificates];
  } catch {
    return [...tls.rootCertificates]; // Node itself has warned about the unreadable file
  }
}

/** Node falls back to the subject's common name, which is no identity of a service (RFC 9525 §2, RFC 6120 §13.7.1.2). */
function identityFault(host: string, certificate: tls.PeerCertificate): Error | undefined {
  if (certificate.subjectaltname) return tls.checkServerIdentity(host, certificate);
  return Object.assign(new Error("the certificate names no host (subjectAltName)"), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
    cert: certificate,
  });
}

/**
 * Encrypts a connection and checks that the certificate proves the account's domain.
 *
 * @param direct direct TLS names its protocol in the handshake (XEP-0368 §3)
 * @throws {TlsError} naming what is wrong with the certificate or the handshake
 * @throws {ConnectionError} the connection was lost on the way
 */
export function encrypt(
  socket: net.Socket,
  { domain, ca }: Encryption,
  options: { place: string; direct: boolean; timeoutMs: number; signal?: AbortSignal },
): Promise<tls.TLSSocket> {
  const host = domain.startsWith("[") ? domain.slice(1, -1) : domainToASCII(domain);
  const { place, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    let secured: tls.TLSSocket;
    try {
      secured = tls.connect({
        socket,
        ...(net.isIP(host) ? {} : { servername: host }),
        ...(ca === undefined ? {} : { ca: [...usualAuthorities(), ca] }),
        ...(options.direct ? { ALPNProtocols: ["xmpp-client"] } : {}),
        minVersion: "TLSv1.2",
        rejectUnauthorized: true,
        // Node would check the name that it was told to connect to; what counts is the account's domain.
        checkServerIdentity: (_host, certificate) => identityFault(host, certificate),
      });
    } catch (error) {
      socket.destroy();
      reject(tlsFailure(error, domain, place));
      return;
    }
    const fail = (error: LarderError) => {
      settle();
      secured.on("error", () => {});
      socket.on("error", () => {});
      secured.destroy();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new TlsError(`no encrypted connection to ${place}: no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const onAbort = () => fail(new ConnectionError(`the attempt to reach ${place} was called off`));
    const onError = (error: NodeJS.ErrnoException) =>
      fail(
        error.code === "ECONNRESET" || error.code === "EPIPE"
          ? new ConnectionError(`${place} closed the connection during the TLS handshake`, { cause: error })
          : tlsFailure(error, domain, place),
      );
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      secured.off("error", onError);
    };
    secured.once("error", onError);
    secured.once("secureConnect", () => {
      settle();
      resolve(secured);
    });
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
  });
}
