import { runReadme, startProsody } from "@larder/testing";
import test from "ava";

test("the README's snippet makes a plain client's iqCaller answer from the cache, and prints what the README says", async (t) => {
  const server = await startProsody({ users: { alice: "secret" }, passwordHash: "SHA-1" });
  t.teardown(() => server.stop());
  const { printed, promised } = await runReadme(new URL("../", import.meta.url), {
    XMPP_SERVICE: server.service,
    XMPP_DOMAIN: server.domain,
    XMPP_PUBSUB: server.pubsub,
    XMPP_PASSWORD: "secret",
    NODE_EXTRA_CA_CERTS: server.caFile,
  });
  t.is(printed, promised);
});
