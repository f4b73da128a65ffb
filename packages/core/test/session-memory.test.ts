import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { XmlElement } from "@larder/core";
import test from "ava";
import { loggedIn } from "./session-helper.js";

const STANZAS = 50_000;
const EVERY = 50;

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

test("a kept stanza keeps neither its stream nor the network's chunks alive", async (t) => {
  const { session, peer } = await loggedIn(t);
  const kept: XmlElement[] = [];
  let count = 0;
  let done = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  session.onStanza((stanza) => {
    if (count++ % EVERY === 0) kept.push(stanza);
    if (count === STANZAS) done();
  });
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const text = "a body that is long enough to be a slice of its chunk ".repeat(20);
  for (let index = 0; index < STANZAS; index += 100) {
    peer.write(
      Array.from(
        { length: 100 },
        (_, step) =>
          `<message from='bob@example.org/resource-${index + step}' id='message-${index + step}'><body>${text}</body></message>`,
      ).join(""),
    );
    if (index % 1000 === 0) await new Promise(setImmediate);
  }
  await all;
  collectGarbage();
  const perKept = (process.memoryUsage().heapUsed - before) / kept.length;
  t.is(kept.length, STANZAS / EVERY);
  t.true(kept.every(({ parent }) => parent === null));
  // 50,000 stanzas are 60 MB: 60 KB for each kept one, were the others alive too.
  t.true(perKept < 6_000, `${Math.round(perKept)} bytes for each kept stanza of 1.3 KB`);
});
