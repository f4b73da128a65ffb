import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Envelope,
  type EnvelopeOptions,
  NotConnectedError,
  openArchived,
  openEnvelope,
  parseTrustedXml,
  type XmlElement,
} from "@larder/core";
import { type ReactingAccount, Reactions, type Restrictions } from "@larder/reactions";
import { createStore, Database, type MessageRecord, type NewMessage, type Store } from "@larder/storage";
import type { ExecutionContext } from "ava";

export const alice = "alice@larder.test";
export const bob = "bob@larder.test";
export const room = "room@rooms.larder.test";

/** What a test may change of an account and its room. */
export interface Situation {
  connected: boolean;
  joined: boolean;
  /** The room announces occupant ids. */
  occupantIds: boolean;
  restrictions?: Restrictions;
  readonly presentSince: Map<string, Date>;
  readonly realJids: Map<string, string>;
  /** What becomes of a stanza: acknowledged at once, unless replaced. */
  acknowledge: (stanza: XmlElement) => Promise<void>;
}

export interface World {
  readonly store: Store;
  readonly reactions: Reactions;
  readonly account: ReactingAccount;
  readonly sent: XmlElement[];
  readonly situation: Situation;
  readonly failures: unknown[];
  readonly open: (stanza: string) => Envelope | undefined;
  /** Takes in a stanza as it comes; false where it is none for us. */
  take(stanza: string): Promise<boolean>;
  /** Takes in a page of an archive, each with the archive's id and time. */
  takePage(
    results: readonly (readonly [id: string, stamp: string, stanza: string])[],
    options?: { archive?: string; origin?: "catchup" },
  ): Promise<boolean[]>;
  /** A message that is stored. */
  message(rest?: Partial<NewMessage>): Promise<MessageRecord>;
  /** What is shown of a message: emoji → ids of the senders. */
  shown(message: MessageRecord): Promise<Record<string, string[]>>;
  /** What each sender holds. */
  sets(message: MessageRecord): Promise<Record<string, string[]>>;
  told(): Promise<Record<string, unknown>[]>;
}

export async function world(t: Pick<ExecutionContext, "teardown">): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "larder-reactions-"));
  const { database } = await Database.open({ url: `sqlite:${join(directory, "larder.db")}` });
  t.teardown(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });
  const store = createStore(database);
  const { id } = await store.accounts.add({
    jid: alice,
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const sent: XmlElement[] = [];
  const failures: unknown[] = [];
  const situation: Situation = {
    connected: true,
    joined: true,
    occupantIds: true,
    presentSince: new Map(),
    realJids: new Map(),
    acknowledge: async () => {},
  };
  const account: ReactingAccount = {
    id,
    jid: alice,
    online: () => situation.connected,
    sendTracked: (stanza) => {
      if (!situation.connected) return Promise.reject(new NotConnectedError(alice));
      sent.push(stanza);
      return situation.acknowledge(stanza);
    },
    room: (jid) =>
      jid === room
        ? { joined: situation.joined, occupantId: situation.occupantIds ? "occ-alice" : undefined }
        : undefined,
    presentSince: (occupant) => situation.presentSince.get(occupant),
    restrictions: async () => situation.restrictions,
  };
  const options: EnvelopeOptions = {
    account: alice,
    isDelayed: () => true,
    announcesStanzaIds: () => true,
    announcesOccupantIds: (by) => by === room && situation.occupantIds,
    ownOccupant: (by) =>
      by === room
        ? { nick: "alice", occupantId: situation.occupantIds ? "occ-alice" : undefined }
        : undefined,
    realJidOf: (occupant) => situation.realJids.get(occupant),
  };
  const reactions = new Reactions(store.reactionLedger, { onError: (error) => failures.push(error) });
  const open = (stanza: string) => openEnvelope(parseTrustedXml(stanza), options);
  return {
    store,
    reactions,
    account,
    sent,
    situation,
    failures,
    open,
    async take(stanza) {
      const envelope = open(stanza);
      return envelope ? reactions.take(account, envelope) : false;
    },
    takePage(results, { archive = alice, origin } = {}) {
      const envelopes = results.flatMap(
        ([id, stamp, stanza]) =>
          openArchived(archive, { id, stamp: new Date(stamp), message: parseTrustedXml(stanza) }, options) ??
          [],
      );
      const positions = envelopes.map((each, at) => (each.delay?.getTime() ?? 0) * 1000 + at);
      return reactions.intake.takeAll(account, envelopes, { origin, positions });
    },
    message: (rest = {}) =>
      store.messages.insert({
        accountId: id,
        conversation: bob,
        direction: "in",
        type: "chat",
        from: `${bob}/a`,
        to: alice,
        sender: bob,
        wireId: "m",
        timestamp: new Date(),
        receivedAt: new Date(),
        delayed: false,
        extra: {},
        bodies: [],
        subjects: [],
        ...rest,
      }),
    async shown(message) {
      const summary = await reactions.summary(id, message.id);
      return Object.fromEntries(summary.map(({ emoji, senders }) => [emoji, senders.map((each) => each.id)]));
    },
    async sets(message) {
      const standing = await store.reactions.standing([message.id]);
      return Object.fromEntries(standing.map(({ sender, emojis }) => [sender, [...emojis]]));
    },
    async told() {
      const { events } = await store.events.since(await store.events.oldest(), { limit: 1000 });
      return events.map(({ data }) => data);
    },
  };
}

/** What the ledger has of a stanza that was sent. */
export const emojisOf = (stanza: XmlElement | undefined): string[] | undefined =>
  stanza
    ?.getChild("reactions")
    ?.getChildren("reaction")
    .map((reaction) => reaction.text());

export interface StanzaOptions {
  readonly from?: string;
  readonly to?: string;
  readonly type?: string;
  readonly id?: string;
  readonly target?: string;
  readonly delay?: string;
  readonly delayedBy?: string;
  readonly extra?: string;
}

const attribute = (name: string, value: string | undefined) =>
  value === undefined ? "" : ` ${name}="${value}"`;

export const set = (emojis: readonly string[] | string, target = "m"): string =>
  `<reactions xmlns="urn:xmpp:reactions:0" id="${target}">${[...emojis].map((each) => `<reaction>${each}</reaction>`).join("")}</reactions>`;

/** A stanza with reactions, by default Bob's to the message "m". */
export function stanza(emojis: readonly string[] | string, options: StanzaOptions = {}): string {
  const { from = `${bob}/a`, to = alice, type = "chat", id, target = "m", delay, extra = "" } = options;
  const { delayedBy = type === "groupchat" ? room : "larder.test" } = options;
  const stamp =
    delay === undefined ? "" : `<delay xmlns="urn:xmpp:delay" from="${delayedBy}" stamp="${delay}"/>`;
  return `<message xmlns="jabber:client" from="${from}" to="${to}" type="${type}"${attribute("id", id)}>${set(emojis, target)}${stamp}${extra}</message>`;
}

/** One of an occupant of the room, to the message that the room calls "r". */
export const inRoom = (
  nick: string,
  emojis: readonly string[] | string,
  options: StanzaOptions = {},
): string =>
  stanza(emojis, { from: `${room}/${nick}`, to: `${alice}/x`, type: "groupchat", target: "r", ...options });

export const occupant = (id: string) => `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="${id}"/>`;
export const stanzaId = (id: string, by: string) =>
  `<stanza-id xmlns="urn:xmpp:sid:0" id="${id}" by="${by}"/>`;

/** A stanza that another device of ours has sent. */
export const sentCarbon = (inner: string): string =>
  `<message xmlns="jabber:client" from="${alice}" to="${alice}/home"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></sent></message>`;

export const refusalOf = (sent: XmlElement | undefined, from = bob, condition = "not-acceptable"): string =>
  `<message xmlns="jabber:client" type="error" from="${from}" to="${alice}" id="${sent?.attrs.id}"><error type="modify"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;

/** A message of the room, as it was said by an occupant. */
export const ofRoom = (nick: string, rest: Partial<NewMessage> = {}): Partial<NewMessage> => ({
  conversation: room,
  type: "groupchat",
  from: `${room}/${nick}`,
  sender: `${room}/${nick}`,
  wireId: "w",
  stanzaId: "r",
  stanzaIdBy: room,
  ...rest,
});
