import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, Database, type ItemInput, type NewMessage, type Store } from "@larder/storage";
import type { ExecutionContext } from "ava";

/** A directory that is removed after the test. */
export async function temporaryDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "larder-storage-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A new database in a temporary file: an in-memory one has one connection and would hide what differs. */
export async function temporaryStore(t: ExecutionContext): Promise<Store> {
  const { database } = await Database.open({
    url: `sqlite:${join(await temporaryDirectory(t), "larder.db")}`,
  });
  t.teardown(() => database.close());
  return createStore(database);
}

export async function accountIn(store: Store, jid = "alice@larder.test"): Promise<number> {
  const account = await store.accounts.add({
    jid,
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  return account.id;
}

export function item(itemId: string, parsed?: object, text = ""): ItemInput {
  return {
    itemId,
    xml: `<item id="${itemId}"/>`,
    text,
    parsedJson: parsed && JSON.stringify(parsed),
    parser: parsed && "test@1",
  };
}

export function message(accountId: number, body: string, rest: Partial<NewMessage> = {}): NewMessage {
  const now = new Date();
  return {
    accountId,
    conversation: "bob@larder.test",
    direction: "in",
    type: "chat",
    from: "bob@larder.test/phone",
    to: "alice@larder.test",
    sender: "bob@larder.test",
    timestamp: now,
    receivedAt: now,
    delayed: false,
    extra: {},
    bodies: [{ lang: "", text: body }],
    subjects: [],
    ...rest,
  };
}
