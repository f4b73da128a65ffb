import { runReadme, startProsody } from "@larder/testing";
import test from "ava";

test("the README's snippet prints what the README says, with @xmpp/client and a store of its own", async (t) => {
  const server = await startProsody({ passwordHash: "SHA-1" });
  t.teardown(() => server.stop());
  await server.addUser("alice", "secret");
  await server.addUser("bob", "secret");
  const { printed, promised } = await runReadme(new URL("../", import.meta.url), {
    XMPP_SERVICE: server.service,
    XMPP_DOMAIN: server.domain,
    XMPP_PASSWORD: "secret",
    NODE_EXTRA_CA_CERTS: server.caFile,
  });
  t.is(printed, promised);
});
