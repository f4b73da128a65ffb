import { setImmediate } from "node:timers/promises";
import test from "ava";
import { Lanes } from "./lanes.js";

function gateway() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test("tasks of one lane run one after the other in their order, those of others beside them", async (t) => {
  const lanes = new Lanes();
  const log: string[] = [];
  const gate = gateway();
  const tasks = ["a1", "a2", "b1"].map((name) =>
    lanes.run(name.slice(0, 1), async () => {
      log.push(`${name} begins`);
      if (name === "a1") await gate.opened;
      log.push(`${name} ends`);
    }),
  );
  await tasks[2];
  t.deepEqual(log, ["a1 begins", "b1 begins", "b1 ends"]);
  gate.open();
  await Promise.all(tasks);
  t.deepEqual(log.slice(3), ["a1 ends", "a2 begins", "a2 ends"]);
});

test("a task that fails tells its caller and holds nobody up", async (t) => {
  const lanes = new Lanes();
  const failed = lanes.run("a", () => Promise.reject(new Error("no")));
  const next = lanes.run("a", async () => "done");
  await t.throwsAsync(failed, { message: "no" });
  t.is(await next, "done");
});

test("idle waits for what was given, also where it fails", async (t) => {
  const lanes = new Lanes();
  const gate = gateway();
  let ended = false;
  const task = lanes.run("a", async () => {
    await gate.opened;
    ended = true;
    throw new Error("no");
  });
  const idle = lanes.idle();
  await setImmediate();
  gate.open();
  await idle;
  t.true(ended);
  await t.throwsAsync(task);
});

test("a task that gives its own lane another one is not overtaken by it", async (t) => {
  const lanes = new Lanes();
  const order: string[] = [];
  await lanes.run("a", async () => {
    void lanes.run("a", async () => {
      order.push("inner");
    });
    order.push("outer");
  });
  await lanes.idle();
  t.deepEqual(order, ["outer", "inner"]);
});
