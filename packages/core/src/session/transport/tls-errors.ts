import { TlsError } from "../../errors/errors.js";

interface CertificateProblem extends Error {
  code?: string;
  reason?: string;
  cert?: { subjectaltname?: string; valid_from?: string; valid_to?: string };
}

const unknownAuthority = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** One line that says what is wrong with the server's certificate or encryption, and what helps. */
export function tlsFailure(error: unknown, domain: string, place: string): TlsError {
  const problem: CertificateProblem = error instanceof Error ? error : new Error(String(error));
  const cause = { cause: problem };
  const code = problem.code ?? "";
  if (code === "CERT_HAS_EXPIRED") {
    return new TlsError(`the certificate of ${place} has expired; its administrator has to renew it`, cause);
  }
  if (code === "CERT_NOT_YET_VALID") {
    return new TlsError(
      `the certificate of ${place} is not valid yet; check the clock of this machine`,
      cause,
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const names = problem.cert?.subjectaltname?.replaceAll("DNS:", "").slice(0, 200);
    if (!names) {
      return new TlsError(
        `the certificate of ${place} names no host (it has no subjectAltName); its administrator has to get another`,
        cause,
      );
    }
    return new TlsError(
      `the certificate of ${place} is not for ${domain} but for ${names}; ` +
        "somebody may be in between, or the host is the wrong one",
      cause,
    );
  }
  if (unknownAuthority.has(code)) {
    return new TlsError(
      `the certificate of ${place} comes from an authority that is not trusted here; ` +
        "give the authority's certificate (caFile) if it is a private one",
      cause,
    );
  }
  const said = problem.message.replace(/\s+/g, " ").trim().slice(0, 200);
  return new TlsError(
    `no encrypted connection to ${place}: ${said || code || "the handshake failed"}`,
    cause,
  );
}
