import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReactionChange } from "@larder/core";
import { createStore, Database, type ItemInput, type NewMessage, type Store } from "@larder/storage";
import { type PostgresServer, startPostgres } from "@larder/testing";
import test, { type ExecutionContext } from "ava";

/** Both kinds of database; a test that names neither holds for each. */
export const engines = ["sqlite", "postgres"] as const;
export type EngineName = (typeof engines)[number];

let server: Promise<PostgresServer> | undefined;
let template: Promise<string> | undefined;

/** The PostgreSQL of this test file, started when first wanted. */
export function postgres(): Promise<PostgresServer> {
  server ??= startPostgres();
  return server;
}

/** What is made for one test, or with {@link wholeFile} for all tests of a file, and goes after it. */
export type Lifetime = Pick<ExecutionContext, "teardown">;

const atEnd: (() => unknown)[] = [];
export const wholeFile: Lifetime = { teardown: (cleanUp) => void atEnd.push(cleanUp) };

test.after.always(async () => {
  for (const cleanUp of atEnd.reverse()) await cleanUp();
  await (await server)?.stop();
});

async function migratedTemplate(): Promise<string> {
  const url = await (await postgres()).createDatabase();
  await (await Database.open({ url })).database.close();
  return url;
}

/** Where a database may be made that goes with the test; on PostgreSQL `empty: false` has the tables already. */
export async function temporaryUrl(
  t: Lifetime,
  engine: EngineName,
  options: { empty: boolean } = { empty: true },
): Promise<string> {
  if (engine === "sqlite") return `sqlite:${join(await temporaryDirectory(t), "larder.db")}`;
  if (options.empty) return (await postgres()).createDatabase();
  template ??= migratedTemplate();
  return (await postgres()).createDatabase({ template: await template });
}

/** Registers a test of each engine. One after the other: each has connections of its own. */
export function onEachEngine(
  title: string,
  body: (t: ExecutionContext, engine: EngineName) => Promise<void>,
): void {
  for (const engine of engines) test.serial(`${engine}: ${title}`, (t) => body(t, engine));
}

/** A directory that is removed after the test. */
export async function temporaryDirectory(t: Lifetime): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "larder-storage-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A new database; on SQLite in a file: one in memory has one connection and would hide what differs. */
export async function temporaryStore(t: Lifetime, engine: EngineName = "sqlite"): Promise<Store> {
  const { database } = await Database.open({ url: await temporaryUrl(t, engine, { empty: false }) });
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

export function reactionChange(accountId: number, rest: Partial<ReactionChange> = {}): ReactionChange {
  const timestamp = rest.timestamp ?? new Date();
  return {
    accountId,
    conversation: "bob@larder.test",
    target: "t",
    groupchat: false,
    sender: "bob@larder.test",
    own: false,
    emojis: ["👍"],
    since: [],
    timestamp,
    position: timestamp.getTime() * 1000,
    placed: false,
    stands: true,
    ...rest,
  };
}

/** A promise and how to keep it. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
