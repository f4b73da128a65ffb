import {
  AnswerTooLargeError,
  parseTrustedXml,
  type Requester,
  StanzaError,
  type XmlElement,
} from "@larder/core";

export interface FakeItem {
  readonly id: string;
  readonly text: string;
  /** Place in the order of creation, by which the service pages. */
  readonly serial: number;
}

export interface Behaviour {
  /**
   * `rsm` pages as XEP-0059 wants; `none` ignores RSM as Prosody 0.12; `ejabberd` pages with times of creation
   * as ids, a wrong index after `<after/>`, and newest first where only the newest are asked for.
   */
  readonly paging: "rsm" | "none" | "ejabberd";
  /** Most items of a page, whatever was asked. */
  readonly cap?: number;
  /** What it says of the number of items, given the truth; undefined says nothing. */
  readonly count?: (real: number) => number | undefined;
  /** The id of a page that is gone is an error (XEP-0059 §2.2). */
  readonly strictIds?: boolean;
  /** Returns the last page again for whatever comes after it. */
  readonly repeatsLastPage?: boolean;
  readonly refusesSubscriptions?: boolean;
  /** Fields of the node's metadata (XEP-0060 §5.4); without them the node has none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Fields of the node's configuration (§8.2.1); without them it is not ours to read. */
  readonly config?: Readonly<Record<string, string>>;
  /** Does not list the ids of items. */
  readonly hidesIds?: boolean;
  /** Lists no more than so many ids, or items where it does not page. */
  readonly truncates?: number;
  /** An overwritten item stays in its place; by default only where `paging` is not `none`. */
  readonly keepsPlaces?: boolean;
  /** Keeps an archive of the node (XEP-0442). */
  readonly archive?: boolean;
  /** Sends notifications, and thereby answers, for this JID. */
  readonly account?: string;
  /** Namespace of the payloads; "" gives them none of their own. */
  readonly namespace?: string;
  /** Items of which no answer can be read. */
  readonly unreadable?: readonly string[];
  /** Items whose payloads are in another namespace, `urn:example:other`. */
  readonly oddIds?: readonly string[];
  /** Writes attributes in another order each time, as a server that keeps none. */
  readonly shuffles?: boolean;
  /** Publisher of the items, which only notifications state. */
  readonly publisher?: string;
}

const PUBSUB = "http://jabber.org/protocol/pubsub";

/** A pubsub service in memory with one node, which answers as it was told to, and keeps what it was asked. */
export class FakeService implements Requester {
  readonly account: string;
  readonly service = "pubsub.larder.test";
  readonly node = "feed";
  /** Oldest first. */
  items: FakeItem[] = [];
  readonly asked: string[] = [];
  /** Runs before each answer is made, `after` once it is made and on its way. */
  before: (what: string, times: number) => Promise<void> | void = () => {};
  after: (what: string, times: number) => Promise<void> | void = () => {};
  exists = true;
  behaviour: Behaviour;
  #serial = 0;

  constructor(behaviour: Partial<Behaviour> = {}, count = 0) {
    this.behaviour = { paging: "rsm", ...behaviour };
    this.account = behaviour.account ?? "alice@larder.test";
    for (let index = 0; index < count; index++) this.publish(`i${index}`);
  }

  get ids(): string[] {
    return this.items.map(({ id }) => id);
  }

  readonly #archived: string[] = [];
  readonly #interceptors = new Set<(stanza: XmlElement) => boolean>();

  /** As a session has it: sees what arrives, and takes it where it returns true. */
  intercept(interceptor: (stanza: XmlElement) => boolean): () => void {
    this.#interceptors.add(interceptor);
    return () => this.#interceptors.delete(interceptor);
  }

  /** Sends the results of a query before its answer (XEP-0442 §2). */
  #queryArchive(iq: XmlElement): string {
    const query = iq.getChild("query");
    if (!this.behaviour.archive || query?.attrs.node !== this.node)
      throw new StanzaError("feature-not-implemented");
    for (const [place, item] of this.#archived.entries()) {
      const event = `<event xmlns="${PUBSUB}#event"><items node="${this.node}">${item}</items></event>`;
      const stanza = parseTrustedXml(
        `<message xmlns="jabber:client" from="${this.service}"><result xmlns="urn:xmpp:mam:2" queryid="${query.attrs.queryid}" id="${place}"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client">${event}</message></forwarded></result></message>`,
      );
      for (const interceptor of this.#interceptors) interceptor(stanza);
    }
    return '<fin xmlns="urn:xmpp:mam:2" complete="true"/>';
  }

  /** Publishes without telling; on services without paging an overwritten item goes to the end. */
  publish(id: string, text = `text of ${id}`): void {
    if (this.behaviour.archive) this.#archived.push(this.itemXml(id, text));
    const known = this.items.findIndex((item) => item.id === id);
    if (known >= 0 && (this.behaviour.keepsPlaces ?? this.behaviour.paging !== "none")) {
      const old = this.items[known];
      if (old) this.items[known] = { ...old, text };
      return;
    }
    if (known >= 0) this.items.splice(known, 1);
    this.items.push({ id, text, serial: this.#serial++ });
  }

  retract(id: string): void {
    this.items = this.items.filter((item) => item.id !== id);
  }

  #turns = 0;

  itemXml(id: string, text = `text of ${id}`): string {
    const { shuffles, oddIds } = this.behaviour;
    const namespace = oddIds?.includes(id)
      ? "urn:example:other"
      : (this.behaviour.namespace ?? "urn:example:entry");
    const attributes = ['rel="alternate"', `href="https://a.example/${id}"`, 'type="text/html"', 'title="t"'];
    const turn = this.#turns++ % attributes.length;
    const turned = [...attributes.slice(turn), ...attributes.slice(0, turn)].join(" ");
    const xmlns = namespace === "" ? "" : ` xmlns="${namespace}"`;
    return `<item id="${id}"><entry${xmlns}>${text}${shuffles ? `<link ${turned}/>` : ""}</entry></item>`;
  }

  /** The same as notifications bring it. */
  notifiedXml(id: string, text?: string): string {
    const { publisher } = this.behaviour;
    const xml = this.itemXml(id, text);
    return publisher === undefined ? xml : xml.replace("<item ", `<item publisher="${publisher}" `);
  }

  event(children: string, from: string | undefined = this.service): XmlElement {
    return parseTrustedXml(
      `<message xmlns="jabber:client"${from && ` from="${from}"`} to="${this.account}" type="headline"><event xmlns="${PUBSUB}#event">${children}</event></message>`,
    );
  }

  /** Whether the account is subscribed. */
  subscribed = false;

  /** The same as it is sent again, to who has just become available. */
  delayedEvent(children: string): XmlElement {
    const stanza = this.event(children);
    const delay = '<delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/>';
    return parseTrustedXml(stanza.toString().replace("</message>", `${delay}</message>`));
  }

  async request(iq: XmlElement): Promise<XmlElement> {
    const query = iq.getChild("query");
    const element = iq.getChild("pubsub")?.getChildElements()[0];
    const what = query ? (query.getNS()?.replace(/.*\//, "") ?? "?") : (element?.name ?? "?");
    this.asked.push(what);
    const times = this.asked.filter((name) => name === what).length;
    await this.before(what, times);
    let answer: string;
    try {
      answer = this.#answerTo(what, iq, element);
    } finally {
      await this.after(what, times);
    }
    return parseTrustedXml(`<iq xmlns="jabber:client" type="result" from="${this.service}">${answer}</iq>`);
  }

  /** Requests of publishers and owners; they send no notifications. */
  #change(element: XmlElement): string {
    const item = element.getChild("item");
    switch (element.name) {
      case "publish": {
        const id = item?.attrs.id ?? `given-${this.#serial}`;
        this.publish(id, item?.getChildElements()[0]?.text());
        return `<publish node="${this.node}"><item id="${id}"/></publish>`;
      }
      case "retract":
        if (!this.ids.includes(item?.attrs.id ?? "")) throw new StanzaError("item-not-found");
        this.retract(item?.attrs.id ?? "");
        return "";
      case "purge":
        this.items = [];
        return "";
      case "delete":
        this.exists = false;
        return "";
      default:
        return "";
    }
  }

  #answerTo(what: string, iq: XmlElement, element: XmlElement | undefined): string {
    const pubsub = (children: string) => `<pubsub xmlns="${PUBSUB}">${children}</pubsub>`;
    if (what === "subscriptions") {
      const one = `<subscription node="${this.node}" jid="${this.account}" subscription="subscribed"/>`;
      return pubsub(`<subscriptions>${this.subscribed && this.exists ? one : ""}</subscriptions>`);
    }
    if (what === "unsubscribe") {
      this.subscribed = false;
      return "";
    }
    if (!this.exists) throw new StanzaError("item-not-found");
    if (element && iq.attrs.type === "set" && what !== "subscribe") return pubsub(this.#change(element));
    if (what === "configure") return this.#config();
    if (what === "urn:xmpp:mam:2") return this.#queryArchive(iq);
    if (what === "disco#info") return this.#info();
    if (what === "disco#items") return this.#listing();
    return pubsub(what === "subscribe" ? this.#subscribe() : this.#items(iq));
  }

  #info(): string {
    const { metadata } = this.behaviour;
    const fields = Object.entries(metadata ?? {}).map(
      ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
    );
    const type = `<field var="FORM_TYPE" type="hidden"><value>${PUBSUB}#meta-data</value></field>`;
    const form = metadata ? `<x xmlns="jabber:x:data" type="result">${type}${fields.join("")}</x>` : "";
    return `<query xmlns="http://jabber.org/protocol/disco#info"><identity category="pubsub" type="leaf"/>${this.behaviour.archive ? '<feature var="urn:xmpp:mam:2"/>' : ""}${form}</query>`;
  }

  #config(): string {
    const { config } = this.behaviour;
    if (!config) throw new StanzaError("forbidden");
    const fields = Object.entries(config).map(
      ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
    );
    return `<pubsub xmlns="${PUBSUB}#owner"><configure node="${this.node}"><x xmlns="jabber:x:data" type="form">${fields.join("")}</x></configure></pubsub>`;
  }

  #listing(): string {
    if (this.behaviour.hidesIds) throw new StanzaError("feature-not-implemented");
    const ids = this.ids.toReversed().slice(0, this.behaviour.truncates);
    const items = ids.map((id) => `<item jid="${this.service}" name="${id}"/>`).join("");
    return `<query xmlns="http://jabber.org/protocol/disco#items">${items}</query>`;
  }

  #subscribe(): string {
    if (this.behaviour.refusesSubscriptions) throw new StanzaError("not-allowed");
    this.subscribed = true;
    return `<subscription node="${this.node}" jid="${this.account}" subscription="subscribed"/>`;
  }

  #rsmId(item: FakeItem): string {
    return this.behaviour.paging === "ejabberd"
      ? new Date(Date.UTC(2026, 0, 1) + item.serial).toISOString()
      : `rsm-${item.serial}`;
  }

  #serialOf(id: string): number {
    const found = this.items.find((item) => this.#rsmId(item) === id);
    if (!found && this.behaviour.strictIds) throw new StanzaError("item-not-found");
    if (this.behaviour.paging === "ejabberd") return Date.parse(id) - Date.UTC(2026, 0, 1);
    return Number(id.slice("rsm-".length));
  }

  #items(iq: XmlElement): string {
    const pubsub = iq.getChild("pubsub");
    const wanted = pubsub?.getChild("items");
    const set = pubsub?.getChild("set");
    const { paging } = this.behaviour;
    const ids = (wanted?.getChildren("item") ?? []).map(({ attrs }) => attrs.id);
    if (ids.length > 0) return this.#answer(this.items.filter(({ id }) => ids.includes(id)));
    if (wanted?.attrs.max_items !== undefined) {
      const newest = this.items.slice(-Number(wanted.attrs.max_items));
      return paging === "ejabberd" ? this.#answer(newest.reverse(), 0) : this.#answer(newest);
    }
    if (paging === "none" || !set) return this.#answer(this.items.slice(0, this.behaviour.truncates));
    const max = Math.min(
      Number(set.getChildText("max") ?? Number.MAX_SAFE_INTEGER),
      this.behaviour.cap ?? 1e9,
    );
    const [after, before] = [set.getChildText("after"), set.getChildText("before")];
    if (before !== null) {
      const end = before === "" ? Number.POSITIVE_INFINITY : this.#serialOf(before);
      const page = this.items.filter(({ serial }) => serial < end).slice(-max);
      if (paging === "ejabberd") return this.#answer(page.reverse(), -1);
      return this.#answer(page, this.items.indexOf(page[0] as FakeItem));
    }
    const start = after === null ? Number.NEGATIVE_INFINITY : this.#serialOf(after);
    const rest =
      after === null
        ? this.items.slice(Number(set.getChildText("index") ?? 0))
        : this.items.filter(({ serial }) => serial > start);
    let page = rest.slice(0, max);
    if (page.length === 0 && this.behaviour.repeatsLastPage) page = this.items.slice(-max);
    return this.#answer(page, paging === "ejabberd" && after !== null ? 0 : this.items.length - rest.length);
  }

  #answer(items: readonly FakeItem[], index?: number): string {
    if (items.some(({ id }) => this.behaviour.unreadable?.includes(id)))
      throw new AnswerTooLargeError("too large");
    const xml = `<items node="${this.node}">${items.map(({ id, text }) => this.itemXml(id, text)).join("")}</items>`;
    if (index === undefined) return xml;
    const count = (this.behaviour.count ?? ((real) => real))(this.items.length);
    const [first, last] = [items[0], items.at(-1)];
    return `${xml}<set xmlns="http://jabber.org/protocol/rsm">${
      first && last
        ? `<first index="${index}">${this.#rsmId(first)}</first><last>${this.#rsmId(last)}</last>`
        : ""
    }${count === undefined ? "" : `<count>${count}</count>`}</set>`;
  }
}
