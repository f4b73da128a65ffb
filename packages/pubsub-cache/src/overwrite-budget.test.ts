import test from "ava";
import { OverwriteBudget } from "./overwrite-budget.js";

test("the budget of a day is spent once for a host, and not by others", (t) => {
  const budget = new OverwriteBudget(1000);
  t.true(budget.take("pubsub.a.example", 600));
  t.true(budget.take("pubsub.a.example", 400));
  t.false(budget.take("pubsub.a.example", 1));
  t.true(budget.take("bob@b.example", 600));
  t.false(budget.take("carol@b.example", 600), "people of one server are one host");
});
