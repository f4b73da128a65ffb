import test from "ava";
import { Jobs } from "./jobs.js";

test("what waits for its turn does not begin once the jobs were stopped, and what runs ends", async (t) => {
  const jobs = new Jobs<string>(1);
  let end = (_result: string) => {};
  const first = jobs.run("a", 1, () => new Promise((resolve) => (end = resolve)));
  let begun = false;
  const second = jobs.run("b", 1, async () => {
    begun = true;
    return "b";
  });
  jobs.stop(new Error("closed"));
  end("a");
  t.is(await first, "a");
  await t.throwsAsync(second, { message: "closed" });
  t.false(begun);
  await jobs.idle();
});
