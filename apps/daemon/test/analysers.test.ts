import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { instancePaths } from "@larder/core";
import { type ProsodyServer, startProsody } from "@larder/testing";
import test from "ava";
import { addAccount, startDaemon, temporaryHome } from "./support.js";

let server: ProsodyServer;
test.before(async () => {
  server = await startProsody();
});
test.after.always(() => server?.stop());

const NS = "urn:example:recipe";

/** A home whose configuration has an analyser with a parser module; the module does what `body` says. */
async function configure(home: string, body: string, version: string): Promise<void> {
  const { config } = instancePaths({ LARDER_HOME: home });
  await mkdir(config, { recursive: true });
  await writeFile(join(config, "recipe.mjs"), `export default (item) => { ${body} };\n`);
  await writeFile(
    join(config, "larder.toml"),
    `[[analysers]]\nname = "recipe"\ntype = "recipe"\nnamespace = "${NS}"\ntoSync = true\nsubtype = "sweet"\n` +
      `parser = "recipe.mjs"\nparserVersion = ${version}\ntimeoutMs = 500\nindexes = [["serves"]]\n`,
  );
}

const READ = "const serves = Number(item.payload.attrs.serves);";
const TRICKS = `${READ}
  if (serves === 1) throw new Error("one is none");
  if (serves === 2) for (;;);
  if (serves === 3) process.exit(1);
  return { name: item.payload.getText(), serves };`;

test("a parser of the configuration is used, and its failures cost its own items their parsed data alone", async (t) => {
  const home = await temporaryHome(t);
  await configure(home, TRICKS, '"1"');
  const daemon = await startDaemon(t, { home });
  const client = await daemon.connect();
  const account = await addAccount(client, server, "cook");
  const address = { account, service: server.pubsub, node: "recipes" };
  await client.call("ps_node_create", address);
  for (let serves = 0; serves < 6; serves++) {
    const payload = `<recipe xmlns="${NS}" serves="${serves}">Pie ${serves}</recipe>`;
    await client.call("ps_item_publish", { ...address, id: `r${serves}`, payload });
  }
  await client.call("ps_cache_sync", address);

  const items = async () => (await client.call("ps_cache_get", address)).items;
  t.deepEqual(
    (await items()).map(({ id, parsed, parseError }) => [id, parsed ?? parseError]),
    [
      ["r0", { name: "Pie 0", serves: 0 }],
      ["r1", "one is none"],
      ["r2", "the parser took longer than 500 ms"],
      ["r3", "the parser ended its worker: worker exited with code: 1"],
      ["r4", { name: "Pie 4", serves: 4 }],
      ["r5", { name: "Pie 5", serves: 5 }],
    ],
  );
  const search = {
    types: ["recipe"],
    subtypes: ["sweet"],
    parsed: [{ path: ["serves"], op: ">=" as const, value: 5 }],
  };
  t.deepEqual(
    (await client.call("ps_cache_search", search)).items.map(({ id }) => id),
    ["r5"],
  );
  const { analysers } = await client.call("ps_analysers_list");
  t.like(analysers[0], {
    name: "recipe",
    type: "recipe",
    namespace: NS,
    toSync: true,
    parsed: true,
    parserVersion: "1",
  });
  t.true(analysers.some(({ type }) => type === "vcard"));
  t.is(await daemon.end("SIGTERM"), 0);

  await configure(home, `${READ} return { name: "whole", serves };`, '"2"');
  const again = await startDaemon(t, { home });
  const offline = await again.connect();
  const whole = async () => {
    const found = await offline.call("ps_cache_search", {
      types: ["recipe"],
      parsed: [{ path: ["name"], op: "==", value: "whole" }],
    });
    return found.items.length;
  };
  const deadline = Date.now() + 30_000; // only the log tells when work in the background is done
  while (!again.log().includes("stored items were parsed again") && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(await whole(), 6, "a raised parserVersion has everything parsed again, without the service");
  t.deepEqual(await offline.call("ps_cache_reparse", { types: ["recipe"] }), { items: 6 });
  t.deepEqual(await offline.call("ps_cache_reparse", { node: "other" }), { items: 0 });
});

test("two analysers of one name are a conflict, also with a built-in one", async (t) => {
  const home = await temporaryHome(t);
  const { config } = instancePaths({ LARDER_HOME: home });
  await mkdir(config, { recursive: true });
  await writeFile(join(config, "larder.toml"), '[[analysers]]\nname = "Microblog"\ntype = "x"\nnode = "x"\n');
  const daemon = await startDaemon(t, { home });
  const [code] = await new Promise<[number | null]>((resolve) =>
    daemon.process.once("exit", (...args) => resolve([args[0]])),
  );
  t.not(code, 0);
  t.regex(daemon.log(), /there is an analyser named microblog already/i);
});
