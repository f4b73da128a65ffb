// Writes pairs of messages with an event for ever, a line on standard output after each committed unit.
import { createStore, Database } from "@larder/storage";

const { database } = await Database.open({ url: String(process.argv[2]) });
const store = createStore(database);
const account =
  (await store.accounts.get("alice@larder.test")) ??
  (await store.accounts.add({
    jid: "alice@larder.test",
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  }));

async function writePair(n: number): Promise<void> {
  const text = `${process.pid} ${n}`;
  await store.database.write(async (unit) => {
    await unit.log("message_new", account.id, { text });
    for (const direction of ["in", "out"] as const) {
      const now = new Date();
      await store.messages.insert({
        accountId: account.id,
        conversation: "bob@larder.test",
        direction,
        type: "chat",
        from: "bob@larder.test",
        to: "alice@larder.test",
        sender: "bob@larder.test",
        timestamp: now,
        receivedAt: now,
        delayed: false,
        extra: {},
        bodies: [{ lang: "", text }],
        subjects: [],
      });
    }
  });
  process.stdout.write(`${n}\n`);
}

try {
  for (let n = 0; ; n++) {
    await writePair(n).catch((error: { retryable?: boolean }) => {
      // A server that crashes within a commit leaves it unknown whether that was kept: it is not told, and the next one is tried.
      if (process.argv[3] === "tell errors" || error.retryable !== true) throw error;
    });
  }
} catch (error) {
  if (process.argv[3] !== "tell errors") throw error;
  const { name, message, retryable } = error as { name: string; message: string; retryable: boolean };
  process.stdout.write(`${JSON.stringify({ name, message, retryable })}\n`);
  await database.close().catch(() => {});
}
