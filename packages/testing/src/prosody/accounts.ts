import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/** Prosody's `password_hash`; it decides which SCRAM mechanism is offered. */
export type PasswordHash = "SHA-1" | "SHA-256";

const pbkdf2 = promisify(pbkdf2Callback);
const ITERATIONS = 10_000; // Prosody's own default

/** Names in Prosody's file store: everything but ASCII letters and digits is percent-encoded, byte by byte. */
function storeName(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9]/.test(char) ? char : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

/**
 * Registers an account by writing its file, as Prosody's `internal_hashed` would (RFC 5802 §3: StoredKey and
 * ServerKey), so that no process has to be started for it. A running Prosody sees it at the next login; an
 * account that is there gets the new password.
 */
export async function writeAccount(
  dataDirectory: string,
  domain: string,
  name: string,
  password: string,
  hash: PasswordHash,
): Promise<void> {
  const digest = hash === "SHA-1" ? "sha1" : "sha256";
  const salt = randomUUID();
  const salted = await pbkdf2(
    password.normalize("NFKC"),
    salt,
    ITERATIONS,
    createHash(digest).digest().length,
    digest,
  );
  const key = (label: string) => createHmac(digest, salted).update(label).digest();
  const storedKey = createHash(digest).update(key("Client Key")).digest("hex");
  const fields = [
    `["salt"] = "${salt}"`,
    `["iteration_count"] = ${ITERATIONS}`,
    `["stored_key"] = "${storedKey}"`,
    `["server_key"] = "${key("Server Key").toString("hex")}"`,
  ];
  const directory = path.join(dataDirectory, storeName(domain), "accounts");
  const file = path.join(directory, `${storeName(name.normalize("NFKC").toLowerCase())}.dat`);
  await mkdir(directory, { recursive: true });
  await writeFile(`${file}.new`, `return { ${fields.join("; ")}; };\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
