import test from "ava";
import { xml } from "../xml/element.js";
import { Requests } from "./requests.js";

const FULL = "alice@example.org/r";

function kindOf(to: string | undefined, from: string | undefined): string {
  const requests = new Requests("alice@example.org");
  requests.wait("id", to, 60_000).catch(() => {});
  const match = requests.match(xml("iq", { type: "result", id: "id", from }), FULL);
  requests.rejectAll("over");
  return match.kind;
}

for (const [to, from, kind] of [
  [undefined, undefined, "answered"],
  [undefined, "alice@example.org", "answered"],
  [undefined, FULL, "answered"],
  [undefined, "example.org", "answered"],
  [undefined, "alice@example.org/other", "forged"],
  [undefined, "mallory@example.org", "forged"],
  ["alice@example.org", undefined, "answered"],
  ["alice@example.org", "ALICE@example.org", "answered"],
  ["example.org", "example.org", "answered"],
  ["example.org", undefined, "answered"],
  ["example.org", "alice@example.org", "forged"],
  ["pubsub.example.org", "pubsub.example.org", "answered"],
  ["pubsub.example.org", undefined, "forged"],
  ["pubsub.example.org", "example.org", "forged"],
  ["bob@example.org", "bob@example.org/r", "forged"],
  ["bob@example.org/r", "bob@example.org", "forged"],
  ["Bob@Example.org", "bob@example.org", "answered"],
  ["bob@example.org", "not a@@jid", "forged"],
] as const) {
  test(`an answer from ${from ?? "nobody"} to a request to ${to ?? "nobody"} is ${kind}`, (t) => {
    t.is(kindOf(to, from), kind);
  });
}
