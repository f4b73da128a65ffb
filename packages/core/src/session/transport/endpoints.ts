import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { ConnectionError, InvalidParamsError } from "../../errors/errors.js";
import type { SessionResolver, SrvRecord } from "../options.js";

/** One place to try. `directTls`: encrypted from the first byte (XEP-0368) rather than by STARTTLS. */
export interface Endpoint {
  host: string;
  port: number;
  directTls: boolean;
}

export const systemResolver: SessionResolver = { resolveSrv: (name) => dns.resolveSrv(name) };

/** `host:port` as people write it. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Reads the option `service`.
 *
 * @throws {InvalidParamsError} it is neither `xmpp://host:port` nor `xmpps://host:port`
 */
export function parseService(service: string): Endpoint {
  const match = /^(xmpps?):\/\/(\[[0-9a-fA-F:.]+\]|[^\s/:@[\]]+)(?::(\d{1,5}))?\/?$/.exec(service);
  const [, scheme, host, port] = match ?? [];
  const number = port === undefined ? undefined : Number(port);
  if (!scheme || !host || (number !== undefined && (number < 1 || number > 65535))) {
    throw new InvalidParamsError(
      "service",
      `service: "${service}" is not of the form xmpp://host:port or xmpps://host:port`,
    );
  }
  const directTls = scheme === "xmpps";
  return {
    host: host.startsWith("[") ? host.slice(1, -1) : domainToASCII(host) || host,
    port: number ?? (directTls ? 5223 : 5222),
    directTls,
  };
}

/** True for names and addresses that never leave this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (isIP(name) === 4) return name.startsWith("127.");
  if (isIP(name) === 6) return name === "::1" || /^::ffff:127\./.test(name);
  return name === "localhost" || name.endsWith(".localhost");
}

/** Orders records as RFC 2782 asks: by priority, then drawn at random with the chance of their weight. */
function draw<R extends SrvRecord>(records: R[], random: () => number): R[] {
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: R[] = [];
  while (left.length > 0) {
    const same = left.filter((record) => record.priority === left[0]?.priority);
    let ticket = random() * same.reduce((sum, record) => sum + record.weight + 1, 0);
    const chosen =
      same.find((record) => {
        ticket -= record.weight + 1;
        return ticket < 0;
      }) ?? same[0];
    if (!chosen) break;
    left.splice(left.indexOf(chosen), 1);
    ordered.push(chosen);
  }
  return ordered;
}

/**
 * Where a domain's service may be reached, best first: the SRV records of `_xmpps-client` and
 * `_xmpp-client` as one list (XEP-0368 §3), or the domain itself at port 5222 where there are none
 * (RFC 6120 §3.2.2).
 *
 * @throws {ConnectionError} the domain states that it offers no such service (a target of ".")
 */
export async function findEndpoints(
  domain: string,
  resolver: SessionResolver,
  random: () => number,
): Promise<Endpoint[]> {
  const host = domain.startsWith("[") ? domain.slice(1, -1) : domainToASCII(domain);
  const fallback = [{ host, port: 5222, directTls: false }];
  if (isIP(host) || isLoopback(host)) return fallback;
  const lookup = async (service: string, directTls: boolean) => {
    try {
      const records = await resolver.resolveSrv(`${service}._tcp.${host}`);
      return records.map((record) => ({ ...record, directTls }));
    } catch {
      return []; // no such record, or no answer: the domain itself is still worth a try
    }
  };
  const [direct, starttls] = await Promise.all([
    lookup("_xmpps-client", true),
    lookup("_xmpp-client", false),
  ]);
  const all = [...direct, ...starttls];
  const named = all.filter((record) => record.name !== "" && record.name !== ".");
  if (named.length > 0) {
    return draw(named, random).map(({ name, port, directTls }) => ({ host: name, port, directTls }));
  }
  if (starttls.length > 0) {
    throw new ConnectionError(`${domain} states in DNS that it offers no XMPP service`, { retryable: false });
  }
  return fallback;
}
