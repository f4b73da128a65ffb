import test from "ava";
import { HandledCountTooHighError, OutboundQueue, readCount } from "./outbound-queue.js";

function filled(count: number, start = 0) {
  const queue = new OutboundQueue(start);
  const fate: string[] = [];
  for (let index = 1; index <= count; index++) {
    queue.push({
      text: `${index}`,
      acknowledged: () => fate.push(`${index} acknowledged`),
      lost: () => fate.push(`${index} lost`),
    });
  }
  return { queue, fate };
}

test("a count acknowledges the oldest stanzas up to it, and repeating it changes nothing", (t) => {
  const { queue, fate } = filled(3);
  queue.acknowledge(2);
  queue.acknowledge(2);
  t.deepEqual(fate, ["1 acknowledged", "2 acknowledged"]);
  t.deepEqual(
    queue.unacknowledged().map(({ text }) => text),
    ["3"],
  );
});

test("the count goes on at zero after 2^32 - 1", (t) => {
  const { queue, fate } = filled(3, 2 ** 32 - 2);
  queue.acknowledge(2 ** 32 - 1);
  t.deepEqual(fate, ["1 acknowledged"]);
  queue.acknowledge(1);
  t.is(queue.length, 0);
});

test("a count above what was sent, or below the last one, is refused and changes nothing", (t) => {
  const { queue, fate } = filled(2);
  const error = t.throws(() => queue.acknowledge(3), { instanceOf: HandledCountTooHighError });
  t.like(error, { h: 3, sent: 2 });
  t.deepEqual(fate, []);
  queue.acknowledge(2);
  t.throws(() => queue.acknowledge(1), { instanceOf: HandledCountTooHighError });
});

test("what was not acknowledged when the session ends is reported as lost", (t) => {
  const { queue, fate } = filled(2);
  queue.acknowledge(1);
  queue.abandon();
  t.deepEqual(fate, ["1 acknowledged", "2 lost"]);
});

test("only an unsigned 32-bit number is a count", (t) => {
  t.is(readCount("4294967295"), 4294967295);
  for (const text of [undefined, "", "-1", "1.5", "x", "4294967296", "99999999999"])
    t.is(readCount(text), undefined);
});
