import { randomUUID } from "node:crypto";
import { type ArchiveRequester, parseTrustedXml, StanzaError, type XmlElement, xml } from "@larder/core";
import type { ConnectedAccount } from "@larder/messages";
import { alice } from "./support.js";

export interface FakeEntry {
  readonly id: string;
  readonly stamp: string;
  readonly message: string;
}

/** An account that is online and reads this archive. */
export const readerOf = (requester: ArchiveRequester, id: number): ConnectedAccount => ({
  id,
  jid: alice,
  online: () => true,
  sendTracked: async () => {},
  send: async () => {},
  requester,
});

/** An archive in memory (XEP-0313) that pages as one of whole seconds does. */
export class FakeArchive implements ArchiveRequester {
  readonly account = alice;
  readonly entries: FakeEntry[] = [];
  /** How many pages were asked for. */
  asked = 0;
  knowsStart = true;
  /** Pages forward are all the same: the archive passes over where they are to begin. */
  repeats = false;
  #answers = Number.POSITIVE_INFINITY;
  readonly #interceptors = new Set<(stanza: XmlElement) => boolean>();

  /** @param largest no page has more, whatever is asked for */
  constructor(readonly largest = 1000) {}

  say(body: string, stamp: string, id: string = randomUUID()): string {
    this.entries.push({
      id,
      stamp,
      message: `<message xmlns="jabber:client" from="bob@larder.test/phone" to="${alice}" type="chat" id="w-${id}"><body>${body}</body></message>`,
    });
    return id;
  }

  get bodies(): string[] {
    return this.entries.map(({ message }) => /<body>(.*)<\/body>/.exec(message)?.[1] ?? "");
  }

  intercept(interceptor: (stanza: XmlElement) => boolean): () => void {
    this.#interceptors.add(interceptor);
    return () => this.#interceptors.delete(interceptor);
  }

  /** After so many pages nothing is answered any more, until the function that it returns is called. */
  cutAfter(pages: number): () => void {
    this.#answers = pages;
    return () => {
      this.#answers = Number.POSITIVE_INFINITY;
    };
  }

  async request(iq: XmlElement): Promise<XmlElement> {
    this.asked++;
    if (this.#answers-- <= 0) throw new Error("cut");
    const query = iq.getChild("query");
    const set = query?.getChild("set");
    const max = Math.min(Number(set?.getChildText("max")), this.largest);
    const after = set?.getChildText("after");
    const before = set?.getChildText("before");
    const start = query
      ?.getChild("x")
      ?.getChildren("field")
      .find(({ attrs }) => attrs.var === "start")
      ?.getChildText("value");
    let found = this.entries.filter(
      ({ stamp }) => !start || !this.knowsStart || new Date(stamp) >= new Date(start),
    );
    const place = (id: string) => {
      const at = found.findIndex((entry) => entry.id === id);
      if (at < 0) throw new StanzaError("item-not-found");
      return at;
    };
    if (after && !this.repeats) found = found.slice(place(after) + 1);
    if (before) found = found.slice(0, place(before));
    const backward = set?.getChild("before") !== undefined;
    const page = backward ? found.slice(-max) : found.slice(0, max);
    for (const { id, stamp, message } of page) {
      const result = parseTrustedXml(
        `<message from="${alice}"><result xmlns="urn:xmpp:mam:2" id="${id}" queryid="${query?.attrs.queryid}">
          <forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="${stamp}"/>${message}</forwarded></result></message>`,
      );
      for (const interceptor of this.#interceptors) if (interceptor(result)) break;
    }
    const rsm = [page[0], page.at(-1)].map((entry, at) =>
      xml(at === 0 ? "first" : "last", {}, entry?.id ?? ""),
    );
    const complete = page.length === found.length ? "true" : undefined;
    return xml(
      "iq",
      { type: "result" },
      xml(
        "fin",
        { xmlns: "urn:xmpp:mam:2", complete },
        xml("set", { xmlns: "http://jabber.org/protocol/rsm" }, ...(page.length > 0 ? rsm : [])),
      ),
    );
  }
}
