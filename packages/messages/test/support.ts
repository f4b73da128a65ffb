import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ConnectionError,
  type Envelope,
  type EnvelopeOptions,
  NotConnectedError,
  openArchived,
  openEnvelope,
  parseTrustedXml,
  type XmlElement,
} from "@larder/core";
import { type Batch, type BatchOutcome, MessageIntake, type MessagingAccount } from "@larder/messages";
import { createStore, Database, type MessageRecord, type Store } from "@larder/storage";
import type { ExecutionContext } from "ava";

export const alice = "alice@larder.test";
export const room = "room@rooms.larder.test";

/** A room that alice is in as `alice`, with occupant ids unless a test says otherwise. */
export interface RoomWorld {
  occupantIds: boolean;
  own: { nick: string; occupantId?: string };
  presentSince: Map<string, Date>;
}

/** An account whose server acknowledges when the test says so. */
export class FakeAccount implements MessagingAccount {
  readonly jid = alice;
  readonly sent: XmlElement[] = [];
  connected = true;
  /** What happens to a stanza: acknowledged at once, unless replaced. */
  acknowledge: (stanza: XmlElement) => Promise<void> = async () => {};
  constructor(readonly id: number) {}

  readonly online = (): boolean => this.connected;
  readonly sendTracked = (stanza: XmlElement): Promise<void> => {
    if (!this.connected) return Promise.reject(new NotConnectedError(this.jid));
    this.sent.push(stanza);
    return this.acknowledge(stanza);
  };

  /** The session ends before anything more is acknowledged. */
  lose(): void {
    this.connected = false;
    this.acknowledge = () => Promise.reject(new ConnectionError("lost"));
  }

  get bodies(): (string | null)[] {
    return this.sent.map((stanza) => stanza.getChildText("body"));
  }
}

const forward: Batch = { origin: "catchup", order: { after: undefined } };

export interface World {
  readonly store: Store;
  readonly account: FakeAccount;
  readonly intake: MessageIntake;
  readonly room: RoomWorld;
  /** Takes in a stanza, through its envelope; false where it has none. */
  take(stanza: string): Promise<boolean>;
  /** Takes in a page of an archive: id, stamp and message of each. */
  takePage(
    results: readonly (readonly [id: string, stamp: string, message: string])[],
    options?: { archive?: string; batch?: Batch },
  ): Promise<BatchOutcome>;
  /** The same with digests, as after an update of the program. */
  withKey(key?: Uint8Array): World;
  history(): Promise<readonly MessageRecord[]>;
  told(): Promise<string[]>;
}

export const digestKey = Buffer.alloc(32, "key of the tests");

/** @param options.digestKey null: no digests are kept */
export async function world(
  t: ExecutionContext,
  options: { readonly digestKey?: null } = {},
): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "larder-messages-"));
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
  const account = new FakeAccount(id);
  const roomWorld: RoomWorld = {
    occupantIds: true,
    own: { nick: "alice", occupantId: "occ-alice" },
    presentSince: new Map(),
  };
  const envelopes: EnvelopeOptions = {
    account: alice,
    isDelayed: () => true,
    announcesStanzaIds: (by) => by === alice || by === room,
    announcesOccupantIds: (by) => by === room && roomWorld.occupantIds,
    ownOccupant: (by) => (by === room ? roomWorld.own : undefined),
  };
  const intakeWith = (key: Uint8Array | undefined) =>
    new MessageIntake(store, {
      presentSince: (_, occupant) => roomWorld.presentSince.get(occupant),
      digestKey: key,
    });
  const worldOf = (intake: MessageIntake): World => ({
    store,
    account,
    intake,
    room: roomWorld,
    async take(stanza) {
      const envelope: Envelope | undefined = openEnvelope(parseTrustedXml(stanza), envelopes);
      return envelope ? intake.take(account, envelope) : false;
    },
    takePage(results, { archive = alice, batch = forward } = {}) {
      const opened = results.flatMap(
        ([id, stamp, message]) =>
          openArchived(
            archive,
            { id, stamp: new Date(stamp), message: parseTrustedXml(message) },
            envelopes,
          ) ?? [],
      );
      return intake.takeAll(account, opened, batch);
    },
    history: async () => (await store.messages.history({ accountId: id, limit: 1000 })).messages,
    async told() {
      const { events } = await store.events.since(await store.events.oldest(), { limit: 1000 });
      return events.map(({ signal, data }) => [signal, data.update].filter(Boolean).join(" "));
    },
    withKey: (key = digestKey) => worldOf(intakeWith(key)),
  });
  return worldOf(intakeWith(options.digestKey === null ? undefined : digestKey));
}

export const chat = (body: string, attrs = "", extra = "", from = "bob@larder.test/phone") =>
  `<message xmlns="jabber:client" from="${from}" to="${alice}" type="chat" ${attrs}><body>${body}</body>${extra}</message>`;
export const origin = (id: string) => `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`;
export const archived = (id: string, by = alice) =>
  `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`;

const bodyOf = (body: string) => (body === "" ? "" : `<body>${body}</body>`);
/** A message of one of alice's other clients, to bob. */
export const mine = (body: string, id: string, extra = "") =>
  `<message xmlns="jabber:client" from="${alice}/x" to="bob@larder.test" type="chat" id="${id}">${bodyOf(body)}${extra}</message>`;
/** A room message as it is reflected. */
export const groupchat = (nick: string, body: string, id: string, extra = "") =>
  `<message xmlns="jabber:client" from="${room}${nick && `/${nick}`}" to="${alice}/x" type="groupchat" id="${id}">${bodyOf(body)}${extra}</message>`;
export const occ = (id: string) => `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="${id}"/>`;
export const replace = (id: string) => `<replace xmlns="urn:xmpp:message-correct:0" id="${id}"/>`;
export const retract = (id: string) => `<retract xmlns="urn:xmpp:message-retract:1" id="${id}"/>`;
export const retract0 = (id: string) =>
  `<apply-to xmlns="urn:xmpp:fasten:0" id="${id}"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>`;
