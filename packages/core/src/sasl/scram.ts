import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { AuthenticationError } from "../errors/errors.js";
import type { ChannelBinding } from "./mechanisms.js";
import { saslPrepare } from "./prepare.js";

const derive = promisify(pbkdf2); // in the thread pool: the main thread goes on working

/** RFC 7677 §4 asks for at least this many. */
const MIN_ITERATIONS = 4096;
/** More than any server uses; a hostile one must not keep a core busy for minutes. */
const MAX_ITERATIONS = 5_000_000;

export type ScramHash = "SHA-1" | "SHA-256" | "SHA-512";
const digests: Record<ScramHash, { name: string; bytes: number }> = {
  "SHA-1": { name: "sha1", bytes: 20 },
  "SHA-256": { name: "sha256", bytes: 32 },
  "SHA-512": { name: "sha512", bytes: 64 },
};

const utf8ToBinary = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const binaryToUtf8 = (binary: string) => Buffer.from(binary, "latin1").toString("utf8");

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
}

/** The attributes of a SCRAM message: `r=…,s=…,i=…`. */
function attributes(message: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of message.split(",")) {
    if (part[1] === "=" && part[0] !== undefined) found.set(part[0], part.slice(2));
  }
  return found;
}

export interface ScramOptions {
  account: string;
  hash: ScramHash;
  username: string;
  password: () => Promise<string>;
  binding: ChannelBinding;
  /** For test vectors. */
  nonce?: string;
}

/**
 * The client side of SCRAM (RFC 5802, RFC 7677), with or without channel binding (RFC 9266). Messages are
 * binary strings, one character per byte, as the library encodes them in base64.
 */
export class ScramExchange {
  readonly #options: ScramOptions;
  readonly #nonce: string;
  #expected: Buffer | undefined;
  #verified = false;
  #answer = "";

  constructor(options: ScramOptions) {
    this.#options = options;
    this.#nonce = options.nonce ?? randomBytes(24).toString("base64");
  }

  /** True once the server has proved that it knows the password too. */
  get verified(): boolean {
    return this.#verified;
  }

  get #header(): string {
    const { flag } = this.#options.binding;
    return `${flag === "p" ? "p=tls-exporter" : flag},,`;
  }

  get #firstBare(): string {
    const name = saslPrepare(this.#options.username).replaceAll("=", "=3D").replaceAll(",", "=2C");
    return `n=${name},r=${this.#nonce}`;
  }

  first(): string {
    return utf8ToBinary(this.#header + this.#firstBare);
  }

  /** The answer to what {@link receive} was given. */
  answer(): string {
    return this.#answer;
  }

  /**
   * Takes in a challenge: the server's first message, or its last one where it comes as a challenge.
   *
   * @throws {AuthenticationError} a message that no honest server sends
   */
  async receive(challenge: string): Promise<void> {
    if (this.#expected) {
      this.finish(challenge);
      this.#answer = "";
      return;
    }
    const { hash, binding } = this.#options;
    const message = binaryToUtf8(challenge);
    const parts = attributes(message);
    const nonce = parts.get("r") ?? "";
    const salt = Buffer.from(parts.get("s") ?? "", "base64");
    const iterations = Number(parts.get("i"));
    if (parts.has("m") || !nonce.startsWith(this.#nonce) || nonce === this.#nonce || salt.length === 0) {
      throw this.#refuse("sent a login challenge that is not valid (RFC 5802 §5)");
    }
    if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
      throw this.#refuse(
        `asks for ${parts.get("i")} rounds of password hashing; Larder accepts ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`,
      );
    }
    const digest = digests[hash];
    const hmac = (key: Buffer, text: string) => createHmac(digest.name, key).update(text).digest();
    const password = saslPrepare(await this.#options.password());
    const salted = await derive(password, salt, iterations, digest.bytes, digest.name);
    const clientKey = hmac(salted, "Client Key");
    const bound = Buffer.concat([
      Buffer.from(this.#header),
      binding.flag === "p" ? binding.data : Buffer.alloc(0),
    ]).toString("base64");
    const withoutProof = `c=${bound},r=${nonce}`;
    const authMessage = `${this.#firstBare},${message},${withoutProof}`;
    const proof = xor(clientKey, hmac(createHash(digest.name).update(clientKey).digest(), authMessage));
    this.#expected = hmac(hmac(salted, "Server Key"), authMessage);
    this.#answer = utf8ToBinary(`${withoutProof},p=${proof.toString("base64")}`);
  }

  /**
   * Takes in the server's last message, in `<success/>` or as a challenge.
   *
   * @throws {AuthenticationError} its signature is missing or wrong: it does not know the password
   */
  finish(last: string | undefined): void {
    if (this.#verified && last === undefined) return;
    const parts = attributes(binaryToUtf8(last ?? ""));
    const error = parts.get("e");
    if (error !== undefined) throw this.#refuse(`ended the login with ${error.slice(0, 100)}`);
    const signature = Buffer.from(parts.get("v") ?? "", "base64");
    const expected = this.#expected;
    if (!expected || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw this.#refuse(
        "could not prove that it knows the password (wrong SCRAM signature); it may be an impostor",
      );
    }
    this.#verified = true;
  }

  #refuse(what: string): AuthenticationError {
    return new AuthenticationError(`${this.#options.account}: the server ${what}`);
  }
}
