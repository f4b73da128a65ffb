import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { type PasswordHash, scramKeys } from "../xmpp-server/scram.js";

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
  const salt = randomUUID();
  const { storedKey, serverKey } = await scramKeys(password, salt, ITERATIONS, hash);
  const fields = [
    `["salt"] = "${salt}"`,
    `["iteration_count"] = ${ITERATIONS}`,
    `["stored_key"] = "${storedKey.toString("hex")}"`,
    `["server_key"] = "${serverKey.toString("hex")}"`,
  ];
  const directory = path.join(dataDirectory, storeName(domain), "accounts");
  const file = path.join(directory, `${storeName(name.normalize("NFKC").toLowerCase())}.dat`);
  await mkdir(directory, { recursive: true });
  await writeFile(`${file}.new`, `return { ${fields.join("; ")}; };\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
