import { X509Certificate } from "node:crypto";
import { constants, open } from "node:fs/promises";
import { InvalidParamsError } from "@larder/core";

/** Far more than the authorities of a system have together. */
const MAX_CA_FILE_BYTES = 4 * 1024 ** 2;

const refuse = (path: string, why: string, cause?: unknown) =>
  new InvalidParamsError("caFile", `caFile: ${path} ${why}`, { cause });

/**
 * Reads the certificates of authorities from a file.
 *
 * @returns PEM
 * @throws {InvalidParamsError} it is no regular file (a device or a pipe may never end), too large, or holds no certificate
 */
export async function readCaFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw refuse(path, "is not a readable PEM file with a certificate", cause);
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refuse(path, "is no regular file");
    if (found.size > MAX_CA_FILE_BYTES) throw refuse(path, `is larger than ${MAX_CA_FILE_BYTES} bytes`);
    const pem = await file.readFile("utf8");
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw refuse(path, "is not a readable PEM file with a certificate", cause);
    }
    return pem;
  } finally {
    await file.close();
  }
}
