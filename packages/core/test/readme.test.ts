import { runReadme } from "@larder/testing";
import test from "ava";

test("the README's snippet prints what the README says", async (t) => {
  const { printed, promised } = await runReadme(new URL("../", import.meta.url));
  t.is(printed, promised);
});
