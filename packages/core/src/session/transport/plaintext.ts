import { TlsError } from "../../errors/errors.js";
import { isLoopback, parseService } from "./endpoints.js";

/**
 * Connections without TLS reach this machine only, unless that is allowed on purpose.
 *
 * @throws {TlsError} naming the host and the remedies
 */
export function requireLoopback(account: string, domain: string, service: string | undefined): void {
  const host = service === undefined ? domain : parseService(service).host;
  if (isLoopback(host)) return;
  throw new TlsError(
    `${account}: without TLS Larder connects to this machine only, and ${host} is another; ` +
      "use TLS, or give allowPlaintext if the network is safe",
  );
}
