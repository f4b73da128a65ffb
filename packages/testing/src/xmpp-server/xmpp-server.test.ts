import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { startEjabberd } from "../ejabberd/index.js";
import { startProsody } from "../prosody/index.js";
import { encryptedFeatures, plainFeatures } from "./stream-probe.js";

/** The same for each server; what only one of them can do is tested beside it. */
for (const [name, start] of [
  ["Prosody", startProsody],
  ["ejabberd", startEjabberd],
] as const) {
  test(`${name}: TLS is required before anything else, and proves the domain on both ports`, async (t) => {
    await using server = await start({ users: { alice: "secret" } });
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

  test(`${name}: a client that does not know the CA does not trust the server`, async (t) => {
    await using server = await start();
    await using other = await start();
    const { directTlsPort, domain } = server;
    const error = await t.throwsAsync<NodeJS.ErrnoException>(
      encryptedFeatures({ port: directTlsPort, domain, ca: other.ca, startTls: false }),
    );
    t.regex(String(error?.code), /SIGNATURE|SELF_SIGNED|UNABLE_TO/);
  });

  test(`${name}: without TLS the mechanism of the chosen password hash is offered in the clear`, async (t) => {
    await using server = await start({ tls: false, passwordHash: "SHA-1", domain: "other.test" });
    const features = await plainFeatures(server.port, "other.test");
    t.regex(features, /<mechanism>SCRAM-SHA-1<\/mechanism>/);
    t.notRegex(features, /starttls/);
  });

  test(`${name}: ports and certificate survive a kill and a restart`, async (t) => {
    await using server = await start();
    const before = [server.service, server.directTlsService, server.ca];
    await server.kill();
    await t.throwsAsync(plainFeatures(server.port, server.domain), { code: "ECONNREFUSED" });
    await server.restart();
    t.regex(await plainFeatures(server.port, server.domain), /starttls/);
    t.deepEqual([server.service, server.directTlsService, server.ca], before);
  });

  test(`${name}: nothing is left after stop`, async (t) => {
    const server = await start();
    const directory = path.dirname(server.log());
    t.true(existsSync(directory));
    await Promise.all([server.stop(), server.stop()]);
    t.false(existsSync(directory));
    await t.throwsAsync(plainFeatures(server.port, server.domain), { code: "ECONNREFUSED" });
    await t.throwsAsync(server.restart(), { message: /stopped/ });
  });

  for (const signal of ["SIGKILL", "SIGTERM", "exit"] as const) {
    test(`${name}: neither process nor directory outlives a parent that ends by ${signal}`, async (t) => {
      const child = fork(fileURLToPath(new URL("./parent.fixture.js", import.meta.url)), [name]);
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
}

test.serial("a machine without the servers is told what to run", async (t) => {
  const before = process.env.PATH;
  process.env.PATH = "";
  try {
    await t.throwsAsync(startProsody(), { message: /"prosody" is not installed.*npm run setup/ });
    await t.throwsAsync(startEjabberd(), { message: /"erl" is not installed.*npm run setup/ });
  } finally {
    process.env.PATH = before;
  }
});
