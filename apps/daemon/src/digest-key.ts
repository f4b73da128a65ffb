import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hasCode } from "./error-code.js";
import { writePrivateFile } from "./private-file.js";

const KEY_BYTES = 32;

/**
 * Reads the secret that digests of messages are made with, or makes it. It stands beside the passwords and not in the
 * database, so that nobody can find a short text there by trying. Where it is lost, a new one takes its place, and digests of
 * before say nothing any more: copies of messages that were changed are then known by their ids.
 *
 * @param path file that its user alone can read
 */
export async function openDigestKey(path: string): Promise<Uint8Array> {
  const known = await readKey(path);
  if (known) return known;
  const key = randomBytes(KEY_BYTES);
  await writePrivateFile(path, `${key.toString("hex")}\n`);
  return key;
}

/** @returns undefined where there is no file, or none that a start has finished writing */
async function readKey(path: string): Promise<Uint8Array | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  });
  const key = Buffer.from(text.trim(), "hex");
  return key.length === KEY_BYTES ? key : undefined;
}
