import { AuthenticationError } from "../errors/errors.js";

/** Strongest first: binding to the TLS channel counts more than the hash (RFC 7677 §4, XEP-0440 §4). */
export const mechanismsByStrength = [
  "SCRAM-SHA-512-PLUS",
  "SCRAM-SHA-256-PLUS",
  "SCRAM-SHA-1-PLUS",
  "SCRAM-SHA-512",
  "SCRAM-SHA-256",
  "SCRAM-SHA-1",
  "PLAIN",
] as const;
export type MechanismName = (typeof mechanismsByStrength)[number];

/** 0 is the strongest; undefined where Larder does not know the mechanism. */
function rank(name: string | undefined): number | undefined {
  const names: readonly (string | undefined)[] = mechanismsByStrength;
  const index = names.indexOf(name);
  return index < 0 ? undefined : index;
}

/** True where `name` is stronger than what is remembered. */
export function isStronger(name: string, remembered: string | undefined): boolean {
  const now = rank(name);
  const before = rank(remembered);
  return now !== undefined && (before === undefined || now < before);
}

/** The GS2 flag of SCRAM (RFC 5802 §6): bound, could be bound but the server does not offer it, cannot be bound. */
export type ChannelBinding = { flag: "p"; data: Buffer } | { flag: "y" } | { flag: "n" };

export interface Offer {
  /** The account, for error texts. */
  account: string;
  mechanisms: readonly string[];
  /** Channel-binding types that the server announces (XEP-0440), undefined where it announces none. */
  bindingTypes: readonly string[] | undefined;
  sasl2: boolean;
  /** RFC 9266 key material of this connection, undefined where there is none. */
  exporter: Buffer | undefined;
  /** PLAIN shows the password to whoever reads the connection. */
  plainAllowed: boolean;
  /** The strongest mechanism used so far. */
  remembered: string | undefined;
}

/**
 * Chooses how to log in, by the rules of XEP-0440 §4.
 *
 * @throws {AuthenticationError} nothing in common, something weaker than before, or an offer that only
 *   somebody in between could have made
 */
export function chooseMechanism(offer: Offer): { mechanism: MechanismName; binding: ChannelBinding } {
  const { account, mechanisms, bindingTypes, exporter, remembered } = offer;
  const offersPlus = mechanisms.some((name) => name.endsWith("-PLUS"));
  const bindable = exporter !== undefined && bindingTypes?.includes("tls-exporter") === true;
  if (offer.sasl2 && offersPlus !== (bindingTypes !== undefined)) {
    throw new AuthenticationError(
      `${account}: the server's offer of channel binding is contradictory (XEP-0440 §4); somebody may be in between`,
    );
  }
  const usable = mechanismsByStrength.filter(
    (name) =>
      mechanisms.includes(name) &&
      (bindable || !name.endsWith("-PLUS")) &&
      (name !== "PLAIN" || offer.plainAllowed),
  );
  const [mechanism] = usable;
  if (mechanism === undefined) {
    if (mechanisms.includes("PLAIN")) {
      throw new AuthenticationError(
        `${account}: the server offers only PLAIN, which would send the password readable over an unencrypted connection; use TLS`,
      );
    }
    throw new AuthenticationError(
      `${account}: the server offers no way of logging in that Larder knows (it offers ${mechanisms.join(", ").slice(0, 200) || "none"})`,
    );
  }
  const before = rank(remembered);
  const now = rank(mechanism);
  if (before !== undefined && now !== undefined && now > before) {
    throw new AuthenticationError(
      `${account}: the server offers ${mechanism} but used ${remembered} before, and a weaker login is refused; ` +
        "if its administrator changed this on purpose, remove the account and add it again",
    );
  }
  if (mechanism.endsWith("-PLUS") && exporter) return { mechanism, binding: { flag: "p", data: exporter } };
  // "y" lets the server find out that somebody took its offer away (RFC 5802 §6), which it refuses if it made one. The types
  // that it announces beside are no offer: somebody in between may have left them.
  const couldBind = exporter !== undefined && !offersPlus;
  return { mechanism, binding: { flag: couldBind ? "y" : "n" } };
}
