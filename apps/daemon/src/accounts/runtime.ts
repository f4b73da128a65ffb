import {
  AuthenticationError,
  bareJid,
  capsElement,
  discoInfo,
  discoInfoAnswer,
  fetchRoster,
  NS_BLOCKING,
  NS_BOOKMARKS,
  NS_CAPS,
  NS_CARBONS,
  NS_CHAT_MARKERS,
  NS_CORRECT,
  NS_DISCO_INFO,
  NS_DISPLAYED,
  NS_FORWARD,
  NS_PING,
  NS_PUBSUB_EVENT,
  NS_REACTIONS,
  NS_RECEIPTS,
  NS_REPLY,
  NS_RETRACT,
  NS_ROSTER,
  NS_SID,
  type OwnInfo,
  readBlocked,
  readRoster,
  Session,
  type SessionLimits,
  type SessionLog,
  StanzaError,
  type XmlElement,
  xml,
} from "@larder/core";
import type { PubsubCache } from "@larder/pubsub-cache";
import type { ReactingRoom, Restrictions } from "@larder/reactions";
import { type AccountRecord, fitsKey, type Store } from "@larder/storage";
import type { SecretStore } from "../secrets.js";
import { readCaFile } from "./ca-file.js";
import { AccountMessaging, type MessagingOwner, type MessagingServices } from "./messaging.js";
import { OfflineDelivery } from "./offline-delivery.js";
import { ReactionRestrictions } from "./reaction-restrictions.js";

/** What every account works with. */
export interface AccountServices extends MessagingServices {
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly cache: PubsubCache;
  readonly log: SessionLog;
  readonly limits: Partial<SessionLimits>;
}

/** What Larder says of itself (XEP-0030); `+notify` asks contacts' servers for these nodes' events (XEP-0060 §9.2). */
const ownInfoWith = (announcedNodes: readonly string[]): OwnInfo => ({
  identity: { category: "client", type: "bot", name: "Larder" },
  features: [
    NS_CAPS,
    NS_CHAT_MARKERS,
    NS_CORRECT,
    NS_DISCO_INFO,
    NS_PING,
    NS_REACTIONS,
    NS_RECEIPTS,
    NS_REPLY,
    NS_RETRACT,
    NS_SID,
    ...[...new Set([NS_BOOKMARKS, NS_DISPLAYED, ...announcedNodes])].map((node) => `${node}+notify`),
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
export class AccountRuntime implements MessagingOwner {
  readonly id: number;
  readonly jid: string;
  readonly record: AccountRecord;
  readonly session: Session;
  readonly messaging: AccountMessaging;
  readonly #services: AccountServices;
  readonly #ownInfo: OwnInfo;
  /** Who asks for our presence; servers tell it anew in each session (RFC 6121 §3.1.3). */
  readonly #requests = new Set<string>();
  readonly #restrictions: ReactionRestrictions;
  readonly #offline: OfflineDelivery;
  #begun: Promise<void> = Promise.resolve();
  #unfollowed = 0;

  private constructor(record: AccountRecord, services: AccountServices, ca: string | undefined) {
    const { secrets, log } = services;
    this.id = record.id;
    this.jid = record.jid;
    this.record = record;
    this.#services = services;
    this.#ownInfo = ownInfoWith(services.cache.announcedNodes);
    this.session = new Session({
      jid: record.jid,
      password: async () => {
        const password = secrets.password(record.jid);
        if (password !== undefined) return password;
        throw new AuthenticationError(
          `${record.jid}: there is no password for it here; give it one with larder account password ${record.jid}`,
        );
      },
      resource: record.resource,
      service: record.service,
      tls: record.tls,
      ca,
      allowPlaintext: record.allowPlaintext,
      memory: secrets.memoryOf(record.jid),
      log,
      limits: services.limits,
    });
    this.#offline = new OfflineDelivery(this.session);
    this.#restrictions = new ReactionRestrictions(this.session, (jid) => this.messaging.rooms.isRoom(jid));
    this.messaging = new AccountMessaging(this, services, () => [capsElement(this.#ownInfo)]);
    this.session.handleIq("get", "query", NS_DISCO_INFO, (query) => discoInfoAnswer(this.#ownInfo, query));
    this.session.handleIq("set", "query", NS_ROSTER, (query, iq) => this.#rosterPush(query, iq));
    const { blocked } = this.messaging;
    this.session.handleIq("set", "block", NS_BLOCKING, (block, iq) => {
      this.#requireOwn(iq);
      blocked.block(readBlocked(block));
    });
    this.session.handleIq("set", "unblock", NS_BLOCKING, (unblock, iq) => {
      this.#requireOwn(iq);
      blocked.unblock(readBlocked(unblock));
    });
    this.session.intercept((stanza) => this.#isUnwanted(stanza));
    this.session.onStanza((stanza) => this.#take(stanza), { lane: laneOf });
    this.session.on("online", ({ resumed }) => {
      // After a resumption the server still has what it kept for the session; what was written meanwhile waits.
      const begun = resumed ? this.#goOn() : this.#begin();
      this.#begun = begun;
      begun.catch((err: unknown) => log.warn({ account: this.jid, err }, "beginning the session failed"));
    });
    this.session.on("dropped", ({ name, from }) => {
      if (name !== "message") return;
      services.cache
        .notificationLost(this, from)
        .catch((err: unknown) =>
          log.warn({ account: this.jid, err }, "a lost notification was not looked into"),
        );
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
    this.#offline.begin();
    await Promise.all([this.messaging.resumed(), this.#services.cache.sessionResumed(this)]);
  }

  static async create(record: AccountRecord, services: AccountServices): Promise<AccountRuntime> {
    const { caFile } = record;
    const ca =
      caFile === undefined
        ? undefined
        : await readCaFile(caFile).catch((err: unknown) => {
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
    return this.session.stats.dropped + this.messaging.dropped;
  }

  /** Notifications of nodes that nobody follows. */
  get unfollowed(): number {
    return this.#unfollowed;
  }

  /** What came and claimed to be what it is not. */
  get forged(): number {
    return this.session.stats.forged + this.messaging.forged;
  }

  /** Who asks for our presence and waits for an answer. */
  get subscriptionRequests(): string[] {
    return [...this.#requests];
  }

  readonly isInRoom = (room: string): boolean => this.messaging.rooms.isJoined(room);
  readonly nickIn = (room: string): string | undefined => this.messaging.rooms.nickIn(room);
  readonly presentSince = (occupant: string): Date | undefined => this.messaging.rooms.presentSince(occupant);
  readonly room = (jid: string): ReactingRoom | undefined => {
    const { rooms } = this.messaging;
    if (!rooms.isRoom(jid)) return undefined;
    const occupantId = rooms.announcesOccupantIds(jid) ? rooms.ownOccupant(jid)?.occupantId : undefined;
    return { joined: rooms.isJoined(jid), occupantId };
  };
  readonly restrictions = (conversation: string): Promise<Restrictions | undefined> =>
    this.#restrictions.of(conversation);
  readonly roomPassword = (room: string) => this.#services.secrets.roomPassword(this.jid, room);
  readonly keepRoomPassword = (room: string, password: string | undefined) =>
    this.#services.secrets.setRoomPassword(this.jid, room, password);

  /** True if our server kept this message for us: then its delay is believed. */
  readonly wasKept = (stanza: XmlElement): boolean => this.#offline.has(stanza);

  readonly online = (): boolean => this.session.state === "online";
  readonly send = (stanza: XmlElement): Promise<void> => this.session.send(stanza);
  readonly sendTracked = async (stanza: XmlElement): Promise<void> => {
    await this.session.sendTracked(stanza);
    if (stanza.name === "message" && stanza.attrs.type !== "groupchat") this.messaging.touched(this.jid);
  };

  /** Allows or refuses somebody our presence (RFC 6121 §3.1.4). */
  async answerSubscription(jid: string, allow: boolean): Promise<void> {
    await this.send(xml("presence", { to: jid, type: allow ? "subscribed" : "unsubscribed" }));
    this.#requests.delete(jid);
  }

  /** Resolves when what a session begins with is done, however it ended. */
  async begun(): Promise<void> {
    await this.#begun.catch(() => {});
  }

  /** Ends what runs by itself. */
  stop(): void {
    this.messaging.stop();
  }

  /** A new session: everything that the server keeps for a session is asked for anew, before we are available. */
  async #begin(): Promise<void> {
    const { store, cache, log } = this.#services;
    this.messaging.sessionBegins();
    this.#requests.clear();
    this.#restrictions.clear();
    const info = await discoInfo(this.session, this.jid).catch(() => undefined);
    await this.session
      .request(xml("iq", { type: "set" }, xml("enable", { xmlns: NS_CARBONS })))
      .catch((error: unknown) => log.debug({ account: this.jid, err: error }, "no carbons"));
    const versioned = this.session.serverFeatures?.rosterVersioning === true;
    const known = (await store.accounts.get(this.jid))?.rosterVersion;
    const roster = await fetchRoster(this.session, versioned ? (known ?? "") : undefined);
    if (roster) await store.roster.replace(this.id, roster.entries.filter(isKeepable), roster.version);
    await this.messaging.prepare(info?.features ?? new Set());
    await this.session.send(xml("presence", {}, xml("priority", {}, "0"), capsElement(this.#ownInfo)));
    this.#offline.begin();
    await Promise.all([this.messaging.sessionStarted(), cache.sessionStarted(this)]);
  }

  /** What our own server alone may tell us (RFC 6121 §2.1.6, XEP-0191 §3.3). */
  #requireOwn(iq: XmlElement): void {
    if (iq.attrs.from !== undefined && bareJid(iq.attrs.from) !== this.jid)
      throw new StanzaError("service-unavailable"); // as to whoever asks for what is not there: it says nothing of us
  }

  async #rosterPush(query: XmlElement, iq: XmlElement): Promise<undefined> {
    this.#requireOwn(iq);
    const { version, entries } = readRoster(query);
    const [contact] = entries;
    if (contact && isKeepable(contact) && entries.length === 1)
      await this.#services.store.roster.apply(this.id, contact, version);
    return undefined;
  }

  /**
   * Whether nobody follows what a notification tells: it is dropped as it arrives, before it waits in a lane and costs a
   * look into the database.
   */
  #isUnwanted(stanza: XmlElement): boolean {
    const { cache } = this.#services;
    if (stanza.name === "iq") this.#noteContact(stanza);
    if (stanza.name !== "message" || !stanza.getChild("event", NS_PUBSUB_EVENT)) return false;
    if (stanza.getChild("body") || cache.follows(this, stanza)) {
      cache.eventArrived(this, stanza);
      return false;
    }
    this.#unfollowed++;
    return true;
  }

  /** A contact is known before its first event arrives, which may be next. */
  #noteContact(iq: XmlElement): void {
    const { from } = iq.attrs;
    const query = iq.attrs.type === "set" ? iq.getChild("query", NS_ROSTER) : undefined;
    if (!query || (from !== undefined && bareJid(from) !== this.jid)) return;
    for (const { jid } of readRoster(query).entries.slice(0, 1)) this.#services.cache.contactAdded(this, jid);
  }

  async #take(stanza: XmlElement): Promise<void> {
    if (stanza.name === "presence") {
      this.#restrictions.note(stanza);
      await this.#takePresence(stanza);
    }
    if (stanza.name !== "message") return;
    const isEvent = stanza.getChild("event", NS_PUBSUB_EVENT) !== undefined;
    // A service may say the same in words beside, for clients that know no events (`pubsub#include_body`, XEP-0060 §16.4).
    if (!isEvent || stanza.getChild("body")) await this.messaging.take(stanza);
    if (!isEvent) return;
    const { cache, log } = this.#services;
    await this.messaging.takeEvent(stanza);
    const accepted = await cache.handleMessage(this, stanza);
    if (!accepted)
      log.debug(
        { account: this.jid, from: stanza.attrs.from },
        "an event for a node nobody follows was dropped",
      );
  }

  async #takePresence(stanza: XmlElement): Promise<void> {
    const from = bareJid(stanza.attrs.from);
    if (from === undefined || (await this.messaging.rooms.handlePresence(stanza))) return;
    if (stanza.attrs.type === "subscribe") this.#requests.add(from);
    else if (stanza.attrs.type === "unsubscribe") this.#requests.delete(from);
  }
}
