import type { XmlElement } from "@larder/core";

type Listener = (...values: never[]) => void;

/** What is needed of an @xmpp/client 0.14: its own types say no more than this would. */
export interface PlainClient {
  /** `online` while stanzas can be sent. */
  readonly status: string;
  readonly iqCaller: {
    request(iq: XmlElement, timeoutMs?: number): Promise<XmlElement>;
  };
  readonly streamManagement?: {
    on(event: string, listener: Listener): unknown;
    removeListener(event: string, listener: Listener): unknown;
  };
  on(event: string, listener: Listener): unknown;
  removeListener(event: string, listener: Listener): unknown;
}

export type IqRequest = PlainClient["iqCaller"]["request"];
