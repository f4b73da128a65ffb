import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { startProsody } from "@larder/testing";
import test from "ava";
import { failure, startDaemon, type TestClient } from "./support.js";

async function refused(
  client: TestClient,
  params: { jid: string; password?: string; service?: string; caFile?: string; tls?: "disabled" },
) {
  const account = params.jid;
  await client.call("account_add", { password: "x", autoConnect: false, ...params });
  const error = await failure(client.call("account_connect", { account }));
  const { accounts } = await client.call("account_list");
  const kept = accounts.find((entry) => entry.account === account)?.lastError;
  await client.call("account_remove", { account });
  return { error, kept };
}

test("why an account cannot connect is one clear line, in the method's error and in lastError", async (t) => {
  await using server = await startProsody({ users: { alice: "right" } });
  await using expired = await startProsody({ users: {}, certificate: "expired" });
  await using foreign = await startProsody({ users: {}, certificate: "foreign" });
  await using plain = await startProsody({ users: { alice: "right" }, tls: false });
  const closed: Server = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as { port: number };
  closed.close();
  await once(closed, "close");

  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const jid = "alice@larder.test";
  const cases: [name: string, params: Parameters<typeof refused>[1], type: string, message: RegExp][] = [
    [
      "wrong password",
      { jid, password: "wrong", service: server.service, caFile: server.caFile },
      "auth_failed",
      /password/,
    ],
    [
      "unknown host",
      { jid, service: "xmpp://no-such-host.invalid:5222" },
      "connection",
      /no-such-host\.invalid/,
    ],
    [
      "refused connection",
      { jid, service: `xmpp://127.0.0.1:${port}` },
      "connection",
      new RegExp(`127\\.0\\.0\\.1.*${port}`),
    ],
    ["expired certificate", { jid, service: expired.service, caFile: expired.caFile }, "tls", /expired/],
    ["foreign certificate", { jid, service: foreign.service, caFile: foreign.caFile }, "tls", /larder\.test/],
    ["unknown authority", { jid, service: server.service }, "tls", /./],
    ["server without TLS", { jid, service: plain.service }, "tls", /TLS|encrypt/i],
  ];
  for (const [name, params, type, message] of cases) {
    const { error, kept } = await refused(client, params);
    t.is(error.type, type, `${name}: ${error.message}`);
    t.regex(error.message, message, name);
    t.false(error.message.includes("\n"), name);
    t.is(kept?.message, error.message, name);
    t.is(kept?.type, type, name);
  }
  await client.call("account_add", {
    jid,
    password: "right",
    service: plain.service,
    tls: "disabled",
    autoConnect: false,
  });
  await client.call("account_connect", { account: jid });
  t.like(
    await client.call("account_list"),
    { accounts: [{ state: "online" }] },
    "plaintext works on this machine when asked for",
  );
});
