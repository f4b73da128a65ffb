/**
 * What Larder uses of the untyped modules of xmpp.js 0.14 and ltx 3. Elements are typed by
 * `XmlElement`, so that none of these declarations reaches a public type.
 */
declare module "@xmpp/xml" {
  import type { XmlElement } from "./element.js";

  type Node = XmlElement | string | number | null | undefined | false;
  const xml: (
    name: string,
    attrs?: Record<string, unknown> | string | null,
    ...children: (Node | Node[])[]
  ) => XmlElement;
  export default xml;
  export const Element: new (name: string, attrs?: Record<string, string>) => XmlElement;
}

declare module "ltx/lib/Element.js" {
  import type { XmlElement } from "./element.js";

  const Element: new (name: string) => XmlElement;
  export default Element;
}

declare module "ltx/lib/parse.js" {
  import type { XmlElement } from "./element.js";
  export default function parse(text: string): XmlElement;
}

declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";
  import type { Duplex } from "node:stream";
  import type { XmlElement } from "./element.js";

  /** The parser that a connection makes for each stream, and what it listens to on it. */
  export interface StreamParser {
    on(event: "start" | "element" | "end", listener: (element: XmlElement) => void): unknown;
    on(event: "error", listener: (error: Error) => void): unknown;
    write(text: string): void;
  }

  type Mechanism = new () => {
    readonly name: string;
    readonly clientFirst: boolean;
    response(credentials: object): Promise<string> | string;
    challenge(data: string): Promise<void> | void;
    final?(data: string): Promise<void> | void;
  };
  interface MechanismFactory {
    _mechs: { name: string; mech: Mechanism }[];
    use(name: string, mechanism: Mechanism): MechanismFactory;
  }

  /** What `credentials` given as a function is called with, where SASL or SASL2 is about to begin. */
  export type Authenticate = (
    credentials: object,
    mechanism: string | undefined,
    userAgent: XmlElement | undefined,
  ) => Promise<void>;

  interface FastToken {
    mechanism: string;
    token: string;
    expiry?: string;
  }
  interface Fast {
    mechanism: string | null;
    saslFactory: MechanismFactory;
    saveToken(token: FastToken): Promise<void>;
    fetchToken(): Promise<FastToken | null | undefined>;
    deleteToken(): Promise<void>;
  }
  interface InlineFeatures {
    use(
      namespace: string,
      request: (feature: XmlElement) => XmlElement | undefined,
      response: (answer: XmlElement) => void,
    ): void;
  }
  interface Transport {
    readonly prototype: object;
  }

  /** A connection of xmpp.js, with the members (also the underscored ones) that Larder overrides or calls. */
  export interface Client extends EventEmitter {
    socket: Duplex | null;
    parser: StreamParser | null;
    timeout: number;
    Transport: Transport | undefined;
    Parser: (new () => StreamParser) | null;
    reconnect: { stop(): void };
    saslFactory: MechanismFactory;
    sasl2: InlineFeatures;
    bind2: InlineFeatures;
    fast: Fast;
    _onData(data: Buffer): void;
    _onElement(element: XmlElement): void;
    _attachSocket(socket: Duplex): void;
    _detachSocket(): void;
    _detachParser(): void;
    _findTransport(service: string): Transport | undefined;
    _jid(jid: string): unknown;
    _status(status: string): void;
    open(options: { domain: string; lang?: string }): Promise<XmlElement>;
    restart(): Promise<XmlElement>;
    write(text: string): Promise<void>;
  }

  export function client(options: {
    domain: string;
    resource?: string;
    timeout?: number;
    credentials: (
      authenticate: Authenticate,
      mechanisms: string[],
      fast: Fast | null,
      entity: Client,
    ) => Promise<void>;
  }): Client;
}
