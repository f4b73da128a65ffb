import test from "ava";
import { InboundLedger, type LedgerEntry } from "./inbound-ledger.js";

function receive(ledger: InboundLedger, ...keys: string[]): LedgerEntry[] {
  return keys.flatMap((key) => ledger.receive(key) ?? []);
}

test("h counts only what is finished without a gap", (t) => {
  const ledger = new InboundLedger();
  const [a, b, c] = receive(ledger, "a", "b", "c");
  if (!a || !b || !c) return t.fail();
  ledger.finish(c);
  t.is(ledger.h, 0);
  ledger.finish(a);
  t.is(ledger.h, 1);
  t.false(ledger.idle);
  ledger.finish(b);
  t.is(ledger.h, 3);
  t.true(ledger.idle);
});

test("h goes on at zero after 2^32 - 1", (t) => {
  const ledger = new InboundLedger(2 ** 32 - 1);
  for (const entry of receive(ledger, "a", "b")) ledger.finish(entry);
  t.is(ledger.h, 1);
});

test("after a resumption, what was finished out of order or is being worked on is not taken again", (t) => {
  const ledger = new InboundLedger();
  const [a, b, c] = receive(ledger, "a", "b", "c");
  if (!a || !b || !c) return t.fail();
  a.started = b.started = c.started = true;
  ledger.finish(b);
  t.is(ledger.resume(), 0);
  ledger.finish(a); // while the connection was away
  t.is(ledger.h, 2);
  t.deepEqual(receive(ledger, "a", "b", "c"), []);
  const [d] = receive(ledger, "d");
  if (!d) return t.fail();
  ledger.finish(d);
  t.is(ledger.h, 2);
  ledger.finish(c);
  t.is(ledger.h, 4);
});

test("a stanza that failed and those not begun are taken again; those at work are not", (t) => {
  const ledger = new InboundLedger();
  const [a, b, c] = receive(ledger, "a", "b", "c");
  if (!a || !b || !c) return t.fail();
  a.started = b.started = true;
  ledger.giveBack(a);
  t.deepEqual([a.forgotten, b.forgotten, c.forgotten], [true, false, true]);
  ledger.finish(b);
  t.is(ledger.resume(), 0);
  const again = receive(ledger, "a", "b", "c");
  t.deepEqual(
    again.map(({ key }) => key),
    ["a", "c"],
  );
  for (const entry of again) ledger.finish(entry);
  t.is(ledger.h, 3);
});

test("a different stanza in the place of a finished one is taken", (t) => {
  const ledger = new InboundLedger();
  const [a, b] = receive(ledger, "a", "b");
  if (!a || !b) return t.fail();
  ledger.finish(b);
  ledger.resume();
  t.deepEqual(
    receive(ledger, "a", "other").map(({ key }) => key),
    ["other"],
  );
});

test("a long session keeps nothing of what is finished", (t) => {
  const ledger = new InboundLedger();
  for (let index = 0; index < 1000; index++) {
    for (const entry of receive(ledger, `${index}`)) ledger.finish(entry);
  }
  t.is(ledger.pending, 0);
});
