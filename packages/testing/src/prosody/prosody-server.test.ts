import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { startProsody } from "./prosody-server.js";
import { encryptedFeatures, plainFeatures } from "./stream-probe.js";

test("TLS is required before anything else, and proves the domain on both ports", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  const { port, directTlsPort, domain, ca } = server;
  const plain = await plainFeatures(port, domain);
  t.regex(plain, /<starttls[^>]*><required\/><\/starttls>/);
  t.notRegex(plain, /<mechanism>/);
  for (const encrypted of [
    await encryptedFeatures({ port, domain, ca, startTls: true }),
    await encryptedFeatures({ port: directTlsPort, domain, ca, startTls: false }),
  ]) {
    t.regex(encrypted, /<mechanism>SCRAM-SHA-256<\/mechanism>/);
  }
  t.is((await stat(path.dirname(server.log()))).mode & 0o777, 0o700);
});

test("a client that does not know the CA does not trust the server", async (t) => {
  await using server = await startProsody();
  await using other = await startProsody();
  const { directTlsPort, domain } = server;
  const error = await t.throwsAsync<NodeJS.ErrnoException>(
    encryptedFeatures({ port: directTlsPort, domain, ca: other.ca, startTls: false }),
  );
  t.regex(String(error?.code), /SIGNATURE|SELF_SIGNED|UNABLE_TO/);
});

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

test("without TLS the mechanism of the chosen password hash is offered in the clear", async (t) => {
  await using server = await startProsody({
    tls: false,
    passwordHash: "SHA-1",
    domain: "other.test",
    storage: "internal",
  });
  const features = await plainFeatures(server.port, "other.test");
  t.regex(features, /<mechanism>SCRAM-SHA-1<\/mechanism>/);
  t.notRegex(features, /starttls/);
});

test("ports and certificate survive a kill and a restart", async (t) => {
  await using server = await startProsody();
  const before = [server.service, server.directTlsService, server.ca];
  await server.kill();
  await t.throwsAsync(plainFeatures(server.port, server.domain), { code: "ECONNREFUSED" });
  await server.restart();
  t.regex(await plainFeatures(server.port, server.domain), /starttls/);
  t.deepEqual([server.service, server.directTlsService, server.ca], before);
});

test("nothing is left after stop", async (t) => {
  const server = await startProsody();
  const directory = path.dirname(server.log());
  t.true(existsSync(directory));
  await Promise.all([server.stop(), server.stop()]);
  t.false(existsSync(directory));
  await t.throwsAsync(plainFeatures(server.port, server.domain), { code: "ECONNREFUSED" });
  await t.throwsAsync(server.restart(), { message: /stopped/ });
});

for (const signal of ["SIGKILL", "SIGTERM", "exit"] as const) {
  test(`neither process nor directory outlives a parent that ends by ${signal}`, async (t) => {
    const child = fork(fileURLToPath(new URL("./prosody-parent.fixture.js", import.meta.url)));
    const told = await new Promise<{ port: number; log: string }>((resolve) =>
      child.once("message", (message) => resolve(message as { port: number; log: string })),
    );
    t.true(existsSync(told.log));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (signal === "exit") child.send("exit");
    else child.kill(signal);
    await gone;
    const refused = () =>
      plainFeatures(told.port, "larder.test").then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
      );
    const isGone = async () => !existsSync(path.dirname(told.log)) && (await refused());
    const deadline = Date.now() + 20_000; // the guard acts on its own; there is no event to wait for
    while (!(await isGone()) && Date.now() < deadline) await delay(20);
    t.true(await isGone());
  });
}

test.serial("a machine without Prosody is told what to run", async (t) => {
  const before = process.env.PATH;
  process.env.PATH = "";
  try {
    await t.throwsAsync(startProsody(), { message: /"prosody" is not installed.*npm run setup/ });
  } finally {
    process.env.PATH = before;
  }
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
