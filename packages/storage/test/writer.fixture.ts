// Writes pairs of messages for ever, a line on standard output after each committed pair.
import { createStore, Database } from "@larder/storage";

const { database } = await Database.open({ url: `sqlite:${process.argv[2]}` });
const store = createStore(database);
const account =
  (await store.accounts.get("alice@larder.test")) ??
  (await store.accounts.add({
    jid: "alice@larder.test",
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  }));

for (let n = 0; ; n++) {
  const text = `${process.pid} ${n}`;
  await store.database.write(async () => {
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
