import { chmod, readFile } from "node:fs/promises";
import { LarderError, type SessionMemory, type SessionMemoryData } from "@larder/core";
import { z } from "zod";
import { writePrivateFile } from "./private-file.js";

const accountSecrets = z.object({
  password: z.string(),
  /** Passwords of rooms, by their address. */
  rooms: z.record(z.string(), z.string()).optional(),
  memory: z
    .object({
      mechanism: z.string().optional(),
      fastToken: z
        .object({ mechanism: z.string(), token: z.string(), expiry: z.string().optional() })
        .optional(),
      userAgentId: z.string().optional(),
    })
    .default({}),
});
const secretsFile = z.record(z.string(), accountSecrets);
type SecretsFile = z.output<typeof secretsFile>;

/** The secrets could not be written; the file is as it was. */
export class SecretsNotWritableError extends LarderError {
  override readonly name = "SecretsNotWritableError";
  override readonly type = "storage";
}

/**
 * Passwords and tokens, apart from the database, in a file that only its user can read. Each change
 * replaces the file in one step, so that a crash leaves the old one or the new one.
 */
export class SecretStore {
  readonly #path: string;
  readonly #secrets: SecretsFile;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, secrets: SecretsFile) {
    this.#path = path;
    this.#secrets = secrets;
  }

  /** @throws {Error} the file is there and cannot be read; it is left alone */
  static async open(path: string): Promise<SecretStore> {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT")
        return new SecretStore(path, {});
      throw error;
    }
    await chmod(path, 0o600);
    try {
      return new SecretStore(path, secretsFile.parse(JSON.parse(text)));
    } catch {
      // The cause would quote the file's content.
      throw new Error(
        `${path} is not a secrets file of Larder: restore it, or move it away and add the accounts again`,
      );
    }
  }

  password(account: string): string | undefined {
    return this.#secrets[account]?.password;
  }

  /** @throws {SecretsNotWritableError} it was not kept, here neither */
  async setPassword(account: string, password: string): Promise<void> {
    const before = this.#secrets[account];
    const rooms = before?.rooms;
    this.#secrets[account] = { password, memory: {}, ...(rooms && { rooms }) };
    try {
      await this.#save();
    } catch (error) {
      if (before) this.#secrets[account] = before;
      else delete this.#secrets[account];
      throw error;
    }
  }

  roomPassword(account: string, room: string): string | undefined {
    return this.#secrets[account]?.rooms?.[room];
  }

  /** @throws {SecretsNotWritableError} */
  async setRoomPassword(account: string, room: string, password: string | undefined): Promise<void> {
    const secrets = this.#secrets[account];
    if (!secrets || secrets.rooms?.[room] === password) return;
    const { [room]: _, ...others } = secrets.rooms ?? {};
    secrets.rooms = password === undefined ? others : { ...others, [room]: password };
    await this.#save();
  }

  async remove(account: string): Promise<void> {
    delete this.#secrets[account];
    await this.#save();
  }

  /** What a session of this account remembers; tokens stand beside the password. */
  memoryOf(account: string): SessionMemory {
    return {
      load: async () => ({ ...this.#secrets[account]?.memory }),
      save: async (patch: Partial<SessionMemoryData>) => {
        const secrets = this.#secrets[account];
        if (!secrets) return; // the account was removed meanwhile
        secrets.memory = { ...secrets.memory, ...patch };
        await this.#save();
      },
    };
  }

  #save(): Promise<void> {
    this.#writing = this.#writing
      .catch(() => {})
      .then(() => this.#write())
      .catch((cause: NodeJS.ErrnoException) => {
        throw new SecretsNotWritableError(`${this.#path} cannot be written (${cause.code})`, { cause });
      });
    return this.#writing;
  }

  #write(): Promise<void> {
    return writePrivateFile(this.#path, `${JSON.stringify(this.#secrets, null, 2)}\n`);
  }
}
