import test from "ava";
import { Lanes } from "./lanes.js";

test("one lane runs in order, another does not wait for it, and nothing is left at the end", async (t) => {
  const lanes = new Lanes();
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = lanes.run("a", async () => {
    await held;
    order.push("a1");
  });
  const second = lanes.run("a", async () => {
    order.push("a2");
  });
  await lanes.run("b", async () => {
    order.push("b1");
  });
  t.deepEqual(order, ["b1"]);
  release();
  await Promise.all([first, second]);
  t.deepEqual(order, ["b1", "a1", "a2"]);
  t.is(lanes.busy, 0);
});
