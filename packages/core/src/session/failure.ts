import {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  LarderError,
  TlsError,
} from "../errors/errors.js";
import { StanzaError } from "../errors/stanza-error.js";
import { NS_STREAM_ERRORS } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";

/** Stream errors after which the same attempt can only end the same way, or does harm (RFC 6120 §4.9.3). */
const finalStreamErrors = new Set(["conflict", "policy-violation", "not-authorized", "unsupported-version"]);

/** The server has ended the stream for what this client does, as ejabberd does for many stanzas that it could not deliver in time. */
export const isViolation = (error: LarderError): boolean =>
  error instanceof ConnectionError && error.condition === "policy-violation";

/** SASL failures that say nothing about the credentials (RFC 6120 §6.5). */
const passingSaslFailures = new Set(["temporary-auth-failure", "aborted"]);

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

/** Reads a `<stream:error/>` (RFC 6120 §4.9). */
export function streamFailure(account: string, element: XmlElement): LarderError {
  const conditions = element.getChildElements().filter((child) => child.getNS() === NS_STREAM_ERRORS);
  const condition = conditions.find((child) => child.name !== "text")?.name ?? "undefined-condition";
  const said = conditions.find((child) => child.name === "text")?.getText();
  const words = said ? `: ${oneLine(said)}` : "";
  if (condition === "conflict") {
    return new ConflictError(
      `${account}: another client took over this session (conflict${words}); use another resource, then connect again`,
    );
  }
  return new ConnectionError(`${account}: the server ended the stream with ${condition}${words}`, {
    condition,
    retryable: !finalStreamErrors.has(condition),
  });
}

/** What a SASL or SASL2 failure means to a person. */
function saslFailure(account: string, condition: string, text: string | undefined): LarderError {
  const words = text ? `: ${oneLine(text)}` : "";
  if (passingSaslFailures.has(condition)) {
    return new ConnectionError(
      `${account}: the server cannot log in anybody right now (${condition}${words})`,
      {
        condition,
      },
    );
  }
  const meanings: Record<string, string> = {
    "not-authorized": "the server refused the name or the password; check both",
    "account-disabled": "the server says that the account is disabled; ask its administrator",
    "credentials-expired": "the server says that the password has expired; set a new one",
    "encryption-required": "the server wants encryption before a login",
    "mechanism-too-weak": "the server refuses this way of logging in as too weak",
  };
  const meaning = meanings[condition] ?? `the login failed with ${condition}`;
  return new AuthenticationError(`${account}: ${meaning}${words}`, { condition });
}

interface LibraryError extends Error {
  condition?: unknown;
  text?: unknown;
  element?: XmlElement;
}

/** Turns what xmpp.js throws or emits while a session is being set up into an error of ours. */
export function libraryFailure(account: string, error: unknown): LarderError {
  if (error instanceof LarderError) return error;
  if (!(error instanceof Error)) return new ConnectionError(`${account}: ${String(error)}`);
  const { condition, text } = error as LibraryError;
  if (error.name === "SASLError" && typeof condition === "string") {
    if (!/^[a-z-]+$/.test(condition)) {
      return new AuthenticationError(`${account}: the server offers no way of logging in that Larder knows`);
    }
    return saslFailure(account, condition, typeof text === "string" ? text : undefined);
  }
  if (error.name === "StanzaError" && typeof condition === "string") {
    const said = typeof text === "string" && text !== "" ? text : undefined;
    if (condition === "conflict") {
      return new ConflictError(`${account}: the server refused the resource, as it is in use`);
    }
    return new ConnectionError(`${account}: the server refused to bind a resource (${condition})`, {
      condition,
      cause: new StanzaError(condition, { text: said }),
    });
  }
  if (error.name === "TimeoutError") {
    return new ConnectionError(`${account}: the server did not answer in time`, { cause: error });
  }
  return new ConnectionError(`${account}: ${oneLine(error.message)}`, { cause: error });
}

/**
 * True where another attempt is worth it.
 *
 * @param wasOnline whether this session has been online since it was asked to connect: a certificate or a
 *   missing STARTTLS then is more likely a hotel's portal or a renewal under way than a wrong setting, and a
 *   violation of the server's policy passes
 */
export function worthRetrying(error: LarderError, wasOnline: boolean): boolean {
  if (error instanceof TlsError || isViolation(error)) return wasOnline;
  if (error instanceof AuthenticationError || error instanceof ConflictError) return false;
  return error.type === "storage" || error.retryable;
}
