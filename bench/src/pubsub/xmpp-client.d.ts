/** What the bare side uses of @xmpp/client 0.14, which has no types. */
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";
  import type { XmlElement } from "@larder/core";

  export interface Client extends EventEmitter {
    /** Once it is encrypted, a wrapper around Node's. */
    readonly socket: { readonly socket: Socket };
    timeout: number;
    reconnect: { stop(): void };
    readonly iqCaller: { request(iq: XmlElement, timeoutMs: number): Promise<XmlElement> };
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
  }

  export function client(options: {
    service: string;
    domain: string;
    username: string;
    password: string;
  }): Client;
}
