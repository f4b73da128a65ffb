import { createRequire } from "node:module";

/** As much of an element as paging looks at. */
interface BareElement {
  is(name: string): boolean;
  getChild(name: string): BareElement | undefined;
  getChildText(name: string): string | null;
  readonly attrs: Record<string, string | undefined>;
}

interface BareClient {
  on(event: string, listener: (value: BareElement) => void): void;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  readonly socket: { socket?: { setNoDelay(on: boolean): void }; setNoDelay?(on: boolean): void };
  readonly iqCaller: { request(iq: unknown, timeoutMs: number): Promise<BareElement> };
}

interface BareModule {
  client(options: object): BareClient;
  xml(name: string, attrs: object, ...children: unknown[]): unknown;
}

/** The very library that core stands on; the benchmark has no copy of its own. */
const { client, xml } = createRequire(import.meta.resolve("@larder/core"))("@xmpp/client") as BareModule;

/**
 * Pages through an account's archive with nothing but @xmpp/client, and keeps nothing.
 *
 * @returns milliseconds from the first request to the last answer
 */
export async function pageWith(
  account: { service: string; domain: string; username: string; password: string },
  size: number,
  expected: number,
): Promise<number> {
  const xmpp = client(account);
  let results = 0;
  xmpp.on("error", (error) => {
    throw error;
  });
  xmpp.on("stanza", (stanza) => {
    if (stanza.is("message") && stanza.getChild("result")) results++;
  });
  await xmpp.start();
  const { socket } = xmpp;
  if (socket.setNoDelay) socket.setNoDelay(true);
  else socket.socket?.setNoDelay(true);
  const from = performance.now();
  let after: string | undefined;
  for (;;) {
    const answer = await xmpp.iqCaller.request(
      xml(
        "iq",
        { type: "set" },
        xml(
          "query",
          { xmlns: "urn:xmpp:mam:2" },
          xml(
            "set",
            { xmlns: "http://jabber.org/protocol/rsm" },
            xml("max", {}, String(size)),
            ...(after === undefined ? [] : [xml("after", {}, after)]),
          ),
        ),
      ),
      60_000,
    );
    const fin = answer.getChild("fin");
    after = fin?.getChild("set")?.getChildText("last") ?? undefined;
    if (fin?.attrs.complete === "true" || after === undefined) break;
  }
  const ms = performance.now() - from;
  await xmpp.stop();
  if (results !== expected) throw new Error(`${results} results instead of ${expected}`);
  return ms;
}
