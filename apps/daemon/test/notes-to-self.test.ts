import { xml } from "@larder/core";
import { startEjabberd, startProsody } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { addAccount, addAgain, startDaemon, type TestClient } from "./support.js";

const servers = {
  Prosody: await startProsody({ resumptionSeconds: 0 }),
  ejabberd: await startEjabberd({ resumptionSeconds: 0 }),
};
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

const notesOf = async (client: TestClient, account: string) => {
  await client.call("history_sync", { account });
  const { messages } = await client.call("history_get", { account, conversation: account });
  return messages.map(({ bodies, retracted }) => bodies[0]?.text ?? Boolean(retracted));
};

for (const [name, server] of Object.entries(servers))
  test(`${name}: a note to oneself, which the archive has twice, is one, and what was corrected or retracted of it stays so`, async (t) => {
    const one = await (await startDaemon(t)).connect();
    const two = await (await startDaemon(t)).connect();
    const alice = await addAccount(one, server, "alice");
    await addAgain(two, server, alice, "alice");
    const other = await openSession(server, alice, "alice");
    t.teardown(() => other.disconnect());
    const uids: string[] = [];
    for (const body of ["secret one", "secret two", "kept"]) {
      const { message } = await one.call("message_send", { account: alice, to: alice, body, wait: "sent" });
      uids.push(message.uid);
    }
    // Before either archive copy was read, and after one of them may have come live.
    await one.call("message_correct", { account: alice, uid: uids[0] ?? "", body: "better" });
    await one.call("message_retract", { account: alice, uid: uids[1] ?? "" });
    const plain = (id: string, ...children: ReturnType<typeof xml>[]) =>
      other.sendTracked(xml("message", { to: alice, type: "chat", id }, ...children));
    await plain("plain-1", xml("body", {}, "secret three"));
    await plain(
      "plain-2",
      xml("retract", { xmlns: "urn:xmpp:message-retract:1", id: "plain-1" }),
      xml("store", { xmlns: "urn:xmpp:hints" }),
    );
    for (let reading = 0; reading < 2; reading++)
      for (const client of [one, two])
        t.deepEqual(await notesOf(client, alice), ["better", true, "kept", true], `reading ${reading}`);
    const fresh = await (await startDaemon(t)).connect(); // it knows the archive alone
    await addAgain(fresh, server, alice, "alice");
    t.deepEqual(await notesOf(fresh, alice), ["better", true, "kept", true]);
    for (const client of [one, two, fresh])
      t.deepEqual((await client.call("history_get", { account: alice, search: "secret" })).messages, []);
  });
