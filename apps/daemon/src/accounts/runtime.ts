import { readFile } from "node:fs/promises";
import {
  bareJid,
  capsElement,
  discoInfo,
  discoInfoAnswer,
  type Envelope,
  fetchRoster,
  NS_CAPS,
  NS_CARBONS,
  NS_DISCO_INFO,
  NS_FORWARD,
  NS_PING,
  NS_PUBSUB_EVENT,
  NS_REACTIONS,
  NS_ROSTER,
  NS_SID,
  type OwnInfo,
  openEnvelope,
  readRoster,
  Session,
  type SessionLog,
  type XmlElement,
  xml,
} from "@larder/core";
import { isAddressable, type MessageIntake, type MessageSender } from "@larder/messages";
import type { PubsubCache } from "@larder/pubsub-cache";
import type { Reactions } from "@larder/reactions";
import { type AccountRecord, fitsKey, type Store } from "@larder/storage";
import type { SecretStore } from "../secrets.js";

/** What every account works with. */
export interface AccountServices {
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly intake: MessageIntake;
  readonly sender: MessageSender;
  readonly reactions: Reactions;
  readonly cache: PubsubCache;
  readonly log: SessionLog;
  readonly stanzaBytes: number;
}

const NS_MAM = "urn:xmpp:mam:2";

/** What Larder says of itself (XEP-0030); `+notify` asks contacts' servers for these nodes' events (XEP-0060 §9.2). */
const ownInfoWith = (announcedNodes: readonly string[]): OwnInfo => ({
  identity: { category: "client", type: "bot", name: "Larder" },
  features: [
    NS_CAPS,
    NS_DISCO_INFO,
    NS_PING,
    NS_REACTIONS,
    ...announcedNodes.map((node) => `${node}+notify`),
  ],
});

const isKeepable = ({ jid }: { readonly jid: string }): boolean => fitsKey(jid);

/** Messages of one conversation, and events of one node, are handled in the order of arrival. */
function laneOf(stanza: XmlElement): string {
  const event = stanza.getChild("event", NS_PUBSUB_EVENT);
  if (event) return `${stanza.attrs.from} ${event.getChildElements()[0]?.attrs.node}`;
  const carbon = stanza.getChild("received", NS_CARBONS) ?? stanza.getChild("sent", NS_CARBONS);
  const inner = carbon?.getChild("forwarded", NS_FORWARD)?.getChild("message");
  const other = inner ? (carbon?.name === "sent" ? inner.attrs.to : inner.attrs.from) : stanza.attrs.from;
  return bareJid(other) ?? "";
}

/** One account with its session: what it does when a session begins, and where its stanzas go. */
export class AccountRuntime {
  readonly id: number;
  readonly jid: string;
  readonly record: AccountRecord;
  readonly session: Session;
  readonly #services: AccountServices;
  readonly #ownInfo: OwnInfo;
  #announcesStanzaIds = false;
  #dropped = 0;

  private constructor(record: AccountRecord, services: AccountServices, ca: string | undefined) {
    const { secrets, log } = services;
    this.id = record.id;
    this.jid = record.jid;
    this.record = record;
    this.#services = services;
    this.#ownInfo = ownInfoWith(services.cache.announcedNodes);
    this.session = new Session({
      jid: record.jid,
      password: async () => secrets.password(record.jid) ?? "",
      resource: record.resource,
      service: record.service,
      tls: record.tls,
      ca,
      allowPlaintext: record.allowPlaintext,
      memory: secrets.memoryOf(record.jid),
      log,
      limits: { stanzaBytes: services.stanzaBytes },
    });
    this.session.handleIq("get", "query", NS_DISCO_INFO, (query) => discoInfoAnswer(this.#ownInfo, query));
    this.session.handleIq("set", "query", NS_ROSTER, (query, iq) => this.#rosterPush(query, iq));
    this.session.onStanza((stanza) => this.#take(stanza), { lane: laneOf });
    this.session.on("online", ({ resumed }) => {
      // After a resumption the server still has what it kept for the session; what was written meanwhile waits.
      const begun = resumed ? this.#goOn() : this.#begin();
      begun.catch((err: unknown) => log.warn({ account: this.jid, err }, "beginning the session failed"));
    });
    this.session.on("state", ({ state }) => {
      if (state === "online") return;
      services.cache
        .sessionEnded(this)
        .catch((err: unknown) => log.warn({ account: this.jid, err }, "handing nodes over failed"));
    });
  }

  /** The session goes on: what its loss has interrupted is taken up again. */
  async #goOn(): Promise<void> {
    await this.#services.sender.flush(this);
    await this.#services.cache.sessionResumed(this);
  }

  static async create(record: AccountRecord, services: AccountServices): Promise<AccountRuntime> {
    const { caFile } = record;
    const ca =
      caFile === undefined
        ? undefined
        : await readFile(caFile, "utf8").catch((err: unknown) => {
            // Without it the server's certificate will not be trusted, which the account's error then says.
            services.log.error({ account: record.jid, caFile, err }, "the account's CA file cannot be read");
            return undefined;
          });
    return new AccountRuntime(record, services, ca);
  }

  /** As pubsub requests are made; also what the cache and the others see of the account. */
  get requester(): Session {
    return this.session;
  }

  /** What came and could not be kept, because it or its address is over a limit. */
  get dropped(): number {
    return this.session.stats.dropped + this.#dropped;
  }

  readonly online = (): boolean => this.session.state === "online";
  readonly send = (stanza: XmlElement): Promise<void> => this.session.send(stanza);
  readonly sendTracked = (stanza: XmlElement): Promise<void> => this.session.sendTracked(stanza);

  /** A new session: everything that the server keeps for a session is asked for anew, before we are available. */
  async #begin(): Promise<void> {
    const { store, sender, cache, log } = this.#services;
    const info = await discoInfo(this.session, this.jid).catch(() => undefined);
    this.#announcesStanzaIds = info?.features.has(NS_SID) === true || info?.features.has(NS_MAM) === true;
    await this.session
      .request(xml("iq", { type: "set" }, xml("enable", { xmlns: NS_CARBONS })))
      .catch((error: unknown) => log.debug({ account: this.jid, err: error }, "no carbons"));
    const versioned = this.session.serverFeatures?.rosterVersioning === true;
    const known = (await store.accounts.get(this.jid))?.rosterVersion;
    const roster = await fetchRoster(this.session, versioned ? (known ?? "") : undefined);
    if (roster) await store.roster.replace(this.id, roster.entries.filter(isKeepable), roster.version);
    await this.session.send(xml("presence", {}, xml("priority", {}, "0"), capsElement(this.#ownInfo)));
    await sender.flush(this);
    await cache.sessionStarted(this);
  }

  async #rosterPush(query: XmlElement, iq: XmlElement): Promise<undefined> {
    if (iq.attrs.from !== undefined && bareJid(iq.attrs.from) !== this.jid) {
      throw new Error("a roster push that is not from our own server"); // RFC 6121 §2.1.6: ignore
    }
    const { version, entries } = readRoster(query);
    const [contact] = entries;
    if (contact && isKeepable(contact) && entries.length === 1)
      await this.#services.store.roster.apply(this.id, contact, version);
    return undefined;
  }

  async #take(stanza: XmlElement): Promise<void> {
    if (stanza.name !== "message") return;
    const { cache, reactions, intake, log } = this.#services;
    if (stanza.getChild("event", NS_PUBSUB_EVENT)) {
      const accepted = await cache.handleMessage(this, stanza);
      if (!accepted)
        log.debug(
          { account: this.jid, from: stanza.attrs.from },
          "an event for a node nobody follows was dropped",
        );
      return;
    }
    const envelope: Envelope | undefined = openEnvelope(stanza, {
      account: this.jid,
      announcesStanzaIds: (by) => by === this.jid && this.#announcesStanzaIds,
    });
    if (!envelope) {
      log.warn({ account: this.jid, from: stanza.attrs.from }, "a forged carbon was dropped");
      return;
    }
    if (!isAddressable(envelope)) {
      this.#dropped++;
      log.warn({ account: this.jid }, "a message of a party with too long an address was dropped");
      return;
    }
    if (await reactions.take(this, envelope)) return;
    await intake.take(this, envelope);
  }
}
