import { randomUUID } from "node:crypto";
import type { Authenticate, Client } from "@xmpp/client";
import { AuthenticationError } from "../errors/errors.js";
import { NS_SASL, NS_SASL2 } from "../namespaces.js";
import { HashedTokenExchange, tokenMechanisms } from "../sasl/hashed-token.js";
import { chooseMechanism, isStronger, mechanismsByStrength } from "../sasl/mechanisms.js";
import { ScramExchange, type ScramHash } from "../sasl/scram.js";
import { type XmlElement, xml } from "../xml/element.js";
import type { SessionLog, SessionMemory, SessionMemoryData } from "./options.js";

export interface LoginOptions {
  account: string;
  username: string;
  password: () => Promise<string>;
  memory: SessionMemory;
  plainAllowed: boolean;
  log: SessionLog;
}

/** What a mechanism's exchange has in common, whoever drives it. */
interface Exchange {
  first(credentials: { password?: unknown }): Promise<string> | string;
  receive(challenge: string): Promise<void> | void;
  answer(): string;
  finish(last: string | undefined): void;
}

const binary = (base64: string) => Buffer.from(base64, "base64").toString("latin1");

/**
 * The login of one connection: registers our mechanisms with the library, chooses among them, and looks at
 * each SASL element before the library does, because that one takes any `<success/>` for one.
 */
export class Login {
  readonly #options: LoginOptions;
  #memory: SessionMemoryData = {};
  #exchange: Exchange | undefined;
  #used: string | undefined;
  #offered: { bindingTypes: string[] | undefined; exporter: Buffer | undefined } | undefined;
  #binding: ReturnType<typeof chooseMechanism>["binding"] = { flag: "n" };

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  /** To be called when encryption is settled and before the features are handed to the library. */
  async prepare(
    client: Client,
    offer: { bindingTypes: string[] | undefined; exporter: Buffer | undefined; secure: boolean },
  ): Promise<void> {
    this.#offered = offer;
    this.#memory = await this.#options.memory.load();
    client.saslFactory._mechs = []; // its own SCRAM-SHA-1 and PLAIN would come first
    for (const name of mechanismsByStrength) {
      client.saslFactory.use(
        name,
        this.#mechanism(name, () => this.#makeExchange(name)),
      );
    }
    client.fast.saslFactory._mechs = [];
    client.fast.saveToken = (token) => this.#remember({ fastToken: token });
    client.fast.fetchToken = async () => undefined; // it travels in the credentials
    client.fast.deleteToken = () => this.#remember({ fastToken: undefined });
    if (!offer.secure) return; // XEP-0484 §7: over a secure connection only
    for (const name of tokenMechanisms) {
      if (name === "HT-SHA-256-EXPR" && !offer.exporter) continue;
      client.fast.saslFactory.use(
        name,
        this.#mechanism(name, () => this.#makeTokenExchange(name)),
      );
    }
  }

  /** The library's `credentials`, given as a function so that the choice is ours. */
  async authenticate(authenticate: Authenticate, mechanisms: string[], sasl2: boolean): Promise<void> {
    const { account, username, plainAllowed } = this.#options;
    const { mechanism, binding } = chooseMechanism({
      account,
      mechanisms,
      bindingTypes: this.#offered?.bindingTypes,
      sasl2,
      exporter: this.#offered?.exporter,
      plainAllowed,
      remembered: this.#memory.mechanism,
    });
    this.#binding = binding;
    const token = sasl2 ? this.#memory.fastToken : undefined;
    await authenticate({ username, token }, mechanism, sasl2 ? await this.#userAgent() : undefined);
  }

  async #userAgent(): Promise<XmlElement> {
    let id = this.#memory.userAgentId;
    if (id === undefined) {
      id = randomUUID();
      await this.#remember({ userAgentId: id });
    }
    return xml("user-agent", { id }, xml("software", {}, "Larder"));
  }

  async #remember(patch: Partial<SessionMemoryData>): Promise<void> {
    this.#memory = { ...this.#memory, ...patch };
    try {
      await this.#options.memory.save(patch);
    } catch (error) {
      // The login itself is fine; what could not be kept is asked for again next time.
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(
        { account: this.#options.account, reason },
        "could not keep what belongs to the login",
      );
    }
  }

  /** Keeps the mechanism, so that nothing weaker is accepted from now on. To be called once online. */
  async confirm(): Promise<void> {
    if (this.#used !== undefined && isStronger(this.#used, this.#memory.mechanism)) {
      await this.#remember({ mechanism: this.#used });
    }
  }

  /** @throws {AuthenticationError} the server did not prove who it is, or wants what Larder cannot do */
  inspect(element: XmlElement): void {
    if (element.name === "continue") {
      throw new AuthenticationError(
        `${this.#options.account}: the server asks for a second step after the password, which Larder cannot do`,
      );
    }
    if (element.name !== "success") return;
    const inSasl2 = element.getNS() === NS_SASL2;
    const data = inSasl2 ? element.getChildText("additional-data", NS_SASL2) : element.getText();
    if (!this.#exchange) {
      throw new AuthenticationError(`${this.#options.account}: the server ended a login that had not begun`);
    }
    this.#exchange.finish(data ? binary(data) : undefined);
  }

  #makeExchange(name: string): Exchange {
    const { account, username, password } = this.#options;
    this.#used = name;
    if (name === "PLAIN") {
      return {
        first: async () => Buffer.from(`\0${username}\0${await password()}`, "utf8").toString("latin1"),
        receive: () => {},
        answer: () => "",
        finish: () => {}, // PLAIN proves nothing about the server; its certificate has to
      };
    }
    const hash = name.replace(/^SCRAM-/, "").replace(/-PLUS$/, "") as ScramHash;
    return new ScramExchange({ account, hash, username, password, binding: this.#binding });
  }

  #makeTokenExchange(name: string): Exchange {
    this.#used = undefined; // says nothing about the password mechanisms
    const { account, username } = this.#options;
    const binding = name === "HT-SHA-256-EXPR" ? this.#offered?.exporter : undefined;
    const exchange = new HashedTokenExchange(account, username, binding ?? Buffer.alloc(0));
    return {
      first: ({ password }) => exchange.first(typeof password === "string" ? password : ""),
      receive: () => {},
      answer: () => "",
      finish: (last) => exchange.finish(last),
    };
  }

  /** A mechanism in the form that the library makes with `new` for each exchange. */
  #mechanism(name: string, make: () => Exchange) {
    const begin = () => {
      const exchange = make();
      this.#exchange = exchange;
      return exchange;
    };
    return class {
      readonly name = name;
      readonly clientFirst = true;
      readonly #exchange = begin();
      #begun = false;
      async response(credentials: { password?: unknown }): Promise<string> {
        if (this.#begun) return this.#exchange.answer();
        this.#begun = true;
        return this.#exchange.first(credentials);
      }
      async challenge(data: string): Promise<void> {
        await this.#exchange.receive(data);
      }
    };
  }
}

/** The mechanisms of SASL (RFC 6120 §6.4.1) or SASL2 (XEP-0388 §2.2) that features offer. */
export function offeredMechanisms(features: XmlElement): { sasl: string[]; sasl2: string[] } {
  const read = (name: string, namespace: string) =>
    (features.getChild(name, namespace)?.getChildren("mechanism", namespace) ?? []).map((child) =>
      child.getText().trim(),
    );
  return { sasl: read("mechanisms", NS_SASL), sasl2: read("authentication", NS_SASL2) };
}
