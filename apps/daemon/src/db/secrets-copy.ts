import { constants, copyFile, open, readFile } from "node:fs/promises";
import { type InstancePaths, LarderError } from "@larder/core";
import { z } from "zod";
import { hasCode } from "../error-code.js";
import { writePrivateFile } from "../private-file.js";

/** Passwords, tokens and the key of digests, as they stand beside a backup. */
const secretsCopy = z.strictObject({
  larder: z.literal("secrets"),
  secrets: z.record(z.string(), z.unknown()),
  digestKey: z.string().optional(),
});

/** The secrets of a backup cannot be written or read. */
export class SecretsCopyError extends LarderError {
  override readonly name = "SecretsCopyError";
  override readonly type = "storage";
}

/** Path of a backup's secrets: a file beside it, so that the backup can be given away without them. */
export const secretsCopyOf = (backup: string): string => `${backup}.secrets`;

const textOf = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });

/** True if the instance already has passwords. */
export const hasSecrets = async ({ secretsFile }: Pick<InstancePaths, "secretsFile">): Promise<boolean> =>
  (await textOf(secretsFile)) !== undefined;

/**
 * Copies the secrets of an instance beside a backup, for its user alone.
 *
 * @returns the file
 * @throws {SecretsCopyError} there is a file of this name already; it is left alone
 */
export async function copySecrets(paths: InstancePaths, backup: string): Promise<string> {
  const path = secretsCopyOf(backup);
  const secrets = JSON.parse((await textOf(paths.secretsFile)) ?? "{}") as Record<string, unknown>;
  const digestKey = (await textOf(paths.digestKeyFile))?.trim();
  const copy: z.input<typeof secretsCopy> = { larder: "secrets", secrets, digestKey };
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600).catch((cause: unknown) => {
    throw new SecretsCopyError(`${path} is there already, and is not overwritten: choose another name`, {
      cause,
    });
  });
  try {
    await file.writeFile(`${JSON.stringify(copy)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
}

/** Reads the secrets that stand beside a backup; undefined if there are none. */
async function readCopy(backup: string): Promise<z.output<typeof secretsCopy> | undefined> {
  const path = secretsCopyOf(backup);
  const text = await textOf(path);
  if (text === undefined) return undefined;
  try {
    return secretsCopy.parse(JSON.parse(text));
  } catch {
    throw new SecretsCopyError(`${path} is no copy of secrets that Larder has made`); // its words might be secrets
  }
}

/**
 * Makes sure, before anything is restored, that a backup's secrets are there and can be read.
 *
 * @throws {SecretsCopyError} they are not
 */
export async function requireSecretsCopy(backup: string): Promise<void> {
  if (!(await readCopy(backup)))
    throw new SecretsCopyError(
      `${secretsCopyOf(backup)} is not there: the backup was made without --with-secrets; restore it without, and give passwords by larder account password`,
    );
}

/**
 * Puts a backup's secrets in the place of the instance's; what was there is kept beside them.
 *
 * @returns where what was there is kept
 */
export async function restoreSecrets(paths: InstancePaths, backup: string): Promise<string | undefined> {
  const copy = await readCopy(backup);
  if (!copy) return undefined;
  let kept: string | undefined;
  if (await hasSecrets(paths)) {
    kept = `${paths.secretsFile}.before-restore`;
    await copyFile(paths.secretsFile, kept);
  }
  await writePrivateFile(paths.secretsFile, `${JSON.stringify(copy.secrets, null, 2)}\n`);
  if (copy.digestKey !== undefined) await writePrivateFile(paths.digestKeyFile, `${copy.digestKey}\n`);
  return kept;
}
