// The bare side: @xmpp/client alone, which pages through a node and keeps nothing. Asked and answered by messages.
import { xml } from "@larder/core";
import { type Client, client } from "@xmpp/client";
import type { BareQuestion, BareReading } from "./bare.js";

const NS_PUBSUB = "http://jabber.org/protocol/pubsub";
const NS_RSM = "http://jabber.org/protocol/rsm";
const PATIENCE_MS = 600_000;

async function connect({ service, domain, username, password }: BareQuestion["login"]): Promise<Client> {
  const bare = client({ service, domain, username, password });
  bare.timeout = PATIENCE_MS;
  bare.reconnect.stop();
  bare.on("error", (error) => console.error(`bare client: ${error.message}`));
  await bare.start();
  bare.socket.socket.setNoDelay(true); // the library leaves it off, which costs 40 ms a page
  return bare;
}

async function read(bare: Client, { service, node, pageSize }: BareQuestion): Promise<BareReading> {
  const from = performance.now();
  const ids = new Set<string>();
  for (let after: string | undefined; ; ) {
    const set =
      pageSize > 0
        ? xml("set", { xmlns: NS_RSM }, xml("max", {}, pageSize), after && xml("after", {}, after))
        : undefined;
    const iq = xml(
      "iq",
      { type: "get", to: service },
      xml("pubsub", { xmlns: NS_PUBSUB }, xml("items", { node }), set),
    );
    const pubsub = (await bare.iqCaller.request(iq, PATIENCE_MS)).getChild("pubsub", NS_PUBSUB);
    for (const { attrs } of pubsub?.getChild("items")?.getChildren("item") ?? []) ids.add(attrs.id ?? "");
    after = pubsub?.getChild("set", NS_RSM)?.getChildText("last") ?? undefined;
    if (pageSize === 0 || after === undefined) break;
  }
  return { items: ids.size, ms: performance.now() - from };
}

let connected: Promise<Client> | undefined;

process.on("message", (question: BareQuestion) => {
  connected ??= connect(question.login);
  connected
    .then((bare) => read(bare, question))
    .then(
      (reading) => process.send?.(reading),
      (error) => process.send?.({ error: String(error) }),
    );
});
