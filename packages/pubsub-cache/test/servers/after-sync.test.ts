import { parseTrustedXml, publishItem } from "@larder/core";
import test from "ava";
import { entry, place, servers, startServer } from "./place.js";

for (const name of servers)
  test.serial(
    `${name}: right after a synchronisation a read is answered from the cache, also later`,
    async (t) => {
      const server = await startServer(name);
      t.teardown(() => server.stop());
      for (let run = 0; run < 3; run++) {
        const at = await place(t, server);
        await at.publisher.create();
        await at.publisher.publishAll(10);
        const node = await at.cache.sync(at.account, at.address);
        t.is(node.state, "synced");
        t.is((await at.cache.getItems(at.account, at.address)).source, "cache");
        await at.publisher.publish("after", "after");
        await at.cache.idle();
        t.is((await at.cache.getItems(at.account, at.address)).source, "cache");
        await at.cache.sync(at.account, at.address);
        t.is((await at.cache.getItems(at.account, at.address)).source, "cache");
        const pep = { service: at.account.jid, node: `urn:xmpp:microblog:0:${run}` };
        const post = { ...pep, id: "a", payload: parseTrustedXml(entry("a")) };
        await publishItem(at.reader.session, post);
        await at.cache.getItems(at.account, pep);
        t.is((await at.cache.sync(at.account, pep)).state, "synced");
        t.is((await at.cache.getItems(at.account, pep)).source, "cache", "PEP");
        await publishItem(at.reader.session, { ...post, id: "b" });
        t.is((await at.cache.sync(at.account, pep)).state, "synced");
        t.is((await at.cache.getItems(at.account, pep)).source, "cache", "PEP again");
        const read = await place(t, server, { node: at.address.node });
        await read.cache.getItems(read.account, read.address);
        t.is((await read.cache.sync(read.account, read.address)).state, "synced");
        t.is((await read.cache.getItems(read.account, read.address)).source, "cache");
      }
    },
  );
