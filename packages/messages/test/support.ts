import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ConnectionError,
  type Envelope,
  NotConnectedError,
  openEnvelope,
  parseTrustedXml,
  type XmlElement,
} from "@larder/core";
import { MessageIntake, type MessagingAccount } from "@larder/messages";
import { createStore, Database, type MessageRecord, type Store } from "@larder/storage";
import type { ExecutionContext } from "ava";

export const alice = "alice@larder.test";

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

export interface World {
  readonly store: Store;
  readonly account: FakeAccount;
  readonly intake: MessageIntake;
  /** Takes in a stanza, through its envelope; false where it has none. */
  take(stanza: string): Promise<boolean>;
  history(): Promise<readonly MessageRecord[]>;
  told(): Promise<string[]>;
}

export async function world(t: ExecutionContext): Promise<World> {
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
  const intake = new MessageIntake(store);
  return {
    store,
    account,
    intake,
    async take(stanza) {
      const envelope: Envelope | undefined = openEnvelope(parseTrustedXml(stanza), {
        account: alice,
        announcesStanzaIds: (by) => by === alice,
      });
      return envelope ? intake.take(account, envelope) : false;
    },
    history: async () => (await store.messages.history({ accountId: id, limit: 1000 })).messages,
    async told() {
      const { events } = await store.events.since(await store.events.oldest(), { limit: 1000 });
      return events.map(({ signal, data }) => [signal, data.update].filter(Boolean).join(" "));
    },
  };
}

export const chat = (body: string, attrs = "", extra = "", from = "bob@larder.test/phone") =>
  `<message xmlns="jabber:client" from="${from}" to="${alice}" type="chat" ${attrs}><body>${body}</body>${extra}</message>`;
export const origin = (id: string) => `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`;
export const archived = (id: string, by = alice) =>
  `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`;
