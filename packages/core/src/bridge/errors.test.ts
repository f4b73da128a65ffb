import test from "ava";
import { InvalidParamsError, InvalidXmlError, NotConnectedError } from "../errors/errors.js";
import { StanzaError } from "../errors/stanza-error.js";
import { bridgeMethods } from "./contract.js";
import { BridgeError, errorFieldOf, paramsErrorOf, toBridgeError } from "./errors.js";

test("an error of ours is told with type, condition, text and whether a retry helps", (t) => {
  t.deepEqual(toBridgeError(new StanzaError("item-not-found", { text: "no such node", from: "s" })), {
    code: -32000,
    message: "s answered item-not-found: no such node",
    data: { type: "not_found", condition: "item-not-found", text: "no such node", retryable: false },
  });
  t.deepEqual(toBridgeError(new NotConnectedError("a@b")).data, { type: "not_connected", retryable: true });
});

test("an error with a type of ours counts whichever package raised it", (t) => {
  const error = Object.assign(new Error("full"), { type: "storage", retryable: true });
  t.deepEqual(errorFieldOf(error), { type: "storage", retryable: true, message: "full" });
});

test("a foreign error is told as internal, without its words", (t) => {
  for (const error of [
    new Error("password hunter2"),
    "text",
    null,
    Object.assign(new Error("x"), { type: "odd" }),
  ]) {
    const told = toBridgeError(error);
    t.is(told.data.type, "internal");
    t.false(JSON.stringify(told).includes("hunter2"));
  }
});

test("a parameter that cannot be used is named", (t) => {
  t.like(toBridgeError(new InvalidParamsError("to", "to: is no JID")), {
    code: -32602,
    data: { path: "to" },
  });
  t.like(toBridgeError(new InvalidXmlError("open tag")), { code: -32602, data: { path: "payload" } });
});

test("the first problem of a schema names its field, an unknown field too", (t) => {
  const path = (params: unknown) => {
    const result = bridgeMethods.message_send.params.safeParse(params);
    return result.success ? "accepted" : paramsErrorOf(result.error).path;
  };
  t.is(path({ to: "@@", body: "x" }), "to");
  t.is(path({ to: "a@b.example", bodies: [{ lang: "", text: 1 }] }), "bodies.0.text");
  t.is(path({ to: "a@b.example", body: "x", boddy: "y" }), "boddy");
  t.is(path({ to: "a@b.example", body: "x", bodies: [{ lang: "", text: "y" }] }), "body");
  t.is(path({ to: "a@b.example" }), "body");
});

test("a client reads what a daemon answered, also a type it does not know", (t) => {
  const error = new BridgeError("m", -32000, {
    type: "busy",
    retryable: true,
    condition: "policy-violation",
  });
  t.like(error, { type: "busy", retryable: true, condition: "policy-violation", code: -32000 });
  for (const data of [undefined, null, "x", { type: "newer" }])
    t.is(new BridgeError("m", 1, data).type, "internal");
});
