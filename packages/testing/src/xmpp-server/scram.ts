import { createHash, createHmac, pbkdf2 as pbkdf2Callback } from "node:crypto";
import { promisify } from "node:util";

/** The hash that a server keeps passwords with; it decides which SCRAM mechanism is offered. */
export type PasswordHash = "SHA-1" | "SHA-256";

const pbkdf2 = promisify(pbkdf2Callback);

/** What a server keeps in place of a password (RFC 5802 §3). */
export interface ScramKeys {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** StoredKey and ServerKey of a password (RFC 5802 §3), as a server computes them at registration. */
export async function scramKeys(
  password: string,
  salt: string | Buffer,
  iterations: number,
  hash: PasswordHash,
): Promise<ScramKeys> {
  const digest = hash === "SHA-1" ? "sha1" : "sha256";
  const length = createHash(digest).digest().length;
  const salted = await pbkdf2(password.normalize("NFKC"), salt, iterations, length, digest);
  const key = (label: string) => createHmac(digest, salted).update(label).digest();
  return {
    storedKey: createHash(digest).update(key("Client Key")).digest(),
    serverKey: key("Server Key"),
  };
}
