import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

const digests = { "SHA-1": ["sha1", 20], "SHA-256": ["sha256", 32], "SHA-512": ["sha512", 64] } as const;
type Hash = keyof typeof digests;

/** What a mechanism says to a message of the client: a challenge, success with its data, or a failure. */
export type SaslStep =
  | { challenge: Buffer }
  | { success: Buffer | undefined; username: string }
  | { failure: string };

export interface SaslServerOptions {
  /** Password of a name, undefined where there is no such account. */
  password: (username: string) => string | undefined;
  /** FAST token of a name and mechanism. */
  token: (username: string, mechanism: string) => string | undefined;
  iterations: number;
  /** RFC 9266 key material of the connection. */
  exporter: () => Buffer | undefined;
  /** Signs with a wrong key, as a server would that does not know the password. */
  impostor: boolean;
}

/** The server side of one login. */
export interface SaslServer {
  next(message: Buffer): SaslStep;
}

/** PLAIN, SCRAM-SHA-1, -256 and -512 with and without -PLUS, HT-SHA-256-NONE and -EXPR. */
export function saslServer(mechanism: string, options: SaslServerOptions): SaslServer | undefined {
  if (mechanism === "PLAIN") return { next: (message) => plain(message, options) };
  if (mechanism.startsWith("HT-SHA-256-")) return { next: (message) => token(mechanism, message, options) };
  const scram = /^SCRAM-(SHA-1|SHA-256|SHA-512)(-PLUS)?$/.exec(mechanism);
  return scram ? new Scram(scram[1] as Hash, scram[2] !== undefined, options) : undefined;
}

function plain(message: Buffer, { password }: SaslServerOptions): SaslStep {
  const [, username = "", given] = message.toString("utf8").split("\0");
  const known = password(username);
  return known !== undefined && known === given
    ? { success: undefined, username }
    : { failure: "not-authorized" };
}

function token(mechanism: string, message: Buffer, options: SaslServerOptions): SaslStep {
  const end = message.indexOf(0);
  const username = message.subarray(0, end).toString("utf8");
  const known = options.token(username, mechanism);
  const binding = (mechanism.endsWith("-EXPR") && options.exporter()) || Buffer.alloc(0);
  const sign = (role: string, key: string) => createHmac("sha256", key).update(role).update(binding).digest();
  if (known === undefined || !sign("Initiator", known).equals(message.subarray(end + 1))) {
    return { failure: "not-authorized" };
  }
  return { success: sign("Responder", options.impostor ? "wrong" : known), username };
}

class Scram implements SaslServer {
  readonly #salt = randomBytes(16);
  #firstBare = "";
  #serverFirst = "";
  #header = "";
  #username = "";

  constructor(
    private readonly hash: Hash,
    private readonly plus: boolean,
    private readonly options: SaslServerOptions,
  ) {}

  next(message: Buffer): SaslStep {
    const text = message.toString("utf8");
    return this.#serverFirst === "" ? this.#first(text) : this.#final(text);
  }

  #first(text: string): SaslStep {
    const match = /^((?:p=([^,]+)|y|n),[^,]*,)(n=([^,]*),r=(.+))$/.exec(text);
    if (!match) return { failure: "malformed-request" };
    this.#header = match[1] ?? "";
    this.#firstBare = match[3] ?? "";
    this.#username = (match[4] ?? "").replaceAll("=2C", ",").replaceAll("=3D", "=");
    if (this.plus !== (match[2] !== undefined)) return { failure: "malformed-request" };
    const nonce = (match[5] ?? "") + randomBytes(12).toString("base64");
    this.#serverFirst = `r=${nonce},s=${this.#salt.toString("base64")},i=${this.options.iterations}`;
    return { challenge: Buffer.from(this.#serverFirst) };
  }

  #final(text: string): SaslStep {
    const [digest, bytes] = digests[this.hash];
    const password = this.options.password(this.#username);
    const [withoutProof = "", proof = ""] = text.split(",p=");
    const binding = this.plus ? (this.options.exporter() ?? Buffer.alloc(0)) : Buffer.alloc(0);
    const expected = Buffer.concat([Buffer.from(this.#header), binding]).toString("base64");
    if (password === undefined || !withoutProof.startsWith(`c=${expected},`))
      return { failure: "not-authorized" };
    const hmac = (key: Buffer, data: string) => createHmac(digest, key).update(data).digest();
    const salted = pbkdf2Sync(password, this.#salt, this.options.iterations, bytes, digest);
    const clientKey = hmac(salted, "Client Key");
    const authMessage = `${this.#firstBare},${this.#serverFirst},${withoutProof}`;
    const signature = hmac(createHash(digest).update(clientKey).digest(), authMessage);
    const right = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    if (right.toString("base64") !== proof) return { failure: "not-authorized" };
    const serverKey = hmac(this.options.impostor ? Buffer.alloc(bytes) : salted, "Server Key");
    const success = Buffer.from(`v=${hmac(serverKey, authMessage).toString("base64")}`);
    return { success, username: this.#username };
  }
}
