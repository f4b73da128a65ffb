import { createHmac, timingSafeEqual } from "node:crypto";
import { AuthenticationError } from "../errors/errors.js";

/** The mechanisms for FAST that Larder speaks (draft-schmaus-kitten-sasl-ht), best first (XEP-0484 §5). */
export const tokenMechanisms = ["HT-SHA-256-EXPR", "HT-SHA-256-NONE"] as const;
export type TokenMechanism = (typeof tokenMechanisms)[number];

/** Logging in with a FAST token: one message each way, both proving knowledge of the token. */
export class HashedTokenExchange {
  readonly #account: string;
  readonly #username: string;
  readonly #binding: Buffer;
  #token = "";
  #verified = false;

  /** @param binding RFC 9266 key material for `-EXPR`, empty for `-NONE` */
  constructor(account: string, username: string, binding: Buffer) {
    this.#account = account;
    this.#username = username;
    this.#binding = binding;
  }

  get verified(): boolean {
    return this.#verified;
  }

  #hmac(role: "Initiator" | "Responder"): Buffer {
    return createHmac("sha256", this.#token).update(role).update(this.#binding).digest();
  }

  /** The only message of the client, as a binary string. */
  first(token: string): string {
    this.#token = token;
    return Buffer.concat([Buffer.from(`${this.#username}\0`), this.#hmac("Initiator")]).toString("latin1");
  }

  /** @throws {AuthenticationError} the server does not know the token */
  finish(last: string | undefined): void {
    const given = Buffer.from(last ?? "", "latin1");
    const expected = this.#hmac("Responder");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new AuthenticationError(
        `${this.#account}: the server could not prove that it knows the login token; it may be an impostor`,
      );
    }
    this.#verified = true;
  }
}
