import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { encryptedFeatures, plainFeatures } from "../xmpp-server/stream-probe.js";
import { startProsody } from "./prosody-server.js";

for (const [certificate, code] of [
  ["expired", "CERT_HAS_EXPIRED"],
  ["foreign", "ERR_TLS_CERT_ALTNAME_INVALID"],
] as const) {
  test(`the ${certificate} certificate is refused for that reason alone`, async (t) => {
    await using server = await startProsody({ certificate });
    const { port, domain, ca } = server;
    await t.throwsAsync(encryptedFeatures({ port, domain, ca, startTls: true }), { code });
  });
}

test("the file store serves streams as the SQL one does", async (t) => {
  await using server = await startProsody({ tls: false, storage: "internal" });
  t.regex(await plainFeatures(server.port, server.domain), /<mechanism>SCRAM-SHA-256<\/mechanism>/);
});

test.serial("a Prosody that does not start is quoted in the error", async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), "larder-fake-"));
  await writeFile(
    path.join(directory, "prosody"),
    "#!/bin/sh\necho 'the configuration is odd' >&2\nexit 1\n",
  );
  await chmod(path.join(directory, "prosody"), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${directory}${path.delimiter}${before}`;
  try {
    await t.throwsAsync(startProsody(), { message: /ended while it started\n.*configuration is odd/s });
  } finally {
    process.env.PATH = before;
    await rm(directory, { recursive: true });
  }
});
