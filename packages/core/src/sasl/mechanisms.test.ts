import test from "ava";
import { AuthenticationError } from "../errors/errors.js";
import { chooseMechanism, isStronger, type Offer } from "./mechanisms.js";

const exporter = Buffer.alloc(32, 1);
const offer = (given: Partial<Offer>): Offer => ({
  account: "a@b",
  mechanisms: ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"],
  bindingTypes: undefined,
  sasl2: false,
  exporter,
  plainAllowed: true,
  remembered: undefined,
  ...given,
});
const plus = ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-512"];

test("the strongest is chosen whatever the order of the offer", (t) => {
  t.is(chooseMechanism(offer({})).mechanism, "SCRAM-SHA-512");
  t.is(chooseMechanism(offer({ mechanisms: ["PLAIN", "SCRAM-SHA-1"] })).mechanism, "SCRAM-SHA-1");
});

test("binding to the channel comes before the hash", (t) => {
  const { mechanism, binding } = chooseMechanism(offer({ mechanisms: plus, bindingTypes: ["tls-exporter"] }));
  t.is(mechanism, "SCRAM-SHA-1-PLUS");
  t.deepEqual(binding, { flag: "p", data: exporter });
});

test("without a binding type in common there is none, and the server is told so", (t) => {
  for (const given of [
    { bindingTypes: ["tls-unique"] },
    { bindingTypes: ["tls-exporter"], exporter: undefined },
  ]) {
    const { mechanism, binding } = chooseMechanism(offer({ mechanisms: plus, ...given }));
    t.is(mechanism, "SCRAM-SHA-512");
    t.is(binding.flag, "n");
  }
});

test("where the server offers no binding at all, it is told that we could", (t) => {
  t.is(chooseMechanism(offer({})).binding.flag, "y");
  t.is(chooseMechanism(offer({ exporter: undefined })).binding.flag, "n");
});

test("where somebody took the binding mechanisms and left their types, the server is told that we could", (t) => {
  for (const bindingTypes of [["tls-exporter"], ["tls-unique"], []])
    t.is(chooseMechanism(offer({ bindingTypes })).binding.flag, "y");
  t.is(chooseMechanism(offer({ bindingTypes: ["tls-exporter"], exporter: undefined })).binding.flag, "n");
});

test("an offer from which somebody took the binding is refused with SASL2", (t) => {
  t.throws(() => chooseMechanism(offer({ sasl2: true, mechanisms: plus })), {
    instanceOf: AuthenticationError,
  });
  t.throws(() => chooseMechanism(offer({ sasl2: true, bindingTypes: ["tls-exporter"] })), {
    instanceOf: AuthenticationError,
  });
});

test("a weaker mechanism than the one remembered is refused, naming both and the remedy", (t) => {
  const weaker = offer({ mechanisms: ["PLAIN", "SCRAM-SHA-1"], remembered: "SCRAM-SHA-256" });
  t.throws(() => chooseMechanism(weaker), {
    instanceOf: AuthenticationError,
    message: /SCRAM-SHA-1 but used SCRAM-SHA-256 before.*remove the account and add it again/,
  });
  t.is(chooseMechanism(offer({ remembered: "SCRAM-SHA-256" })).mechanism, "SCRAM-SHA-512");
});

test("PLAIN is not used where it could be read", (t) => {
  t.throws(() => chooseMechanism(offer({ mechanisms: ["PLAIN"], plainAllowed: false })), {
    message: /PLAIN/,
  });
  t.is(chooseMechanism(offer({ mechanisms: ["PLAIN"] })).mechanism, "PLAIN");
});

test("nothing in common is said with what was offered", (t) => {
  t.throws(() => chooseMechanism(offer({ mechanisms: ["GSSAPI", "X-OTHER"] })), {
    message: /GSSAPI, X-OTHER/,
  });
});

test("only a stronger mechanism replaces the one remembered", (t) => {
  t.true(isStronger("SCRAM-SHA-512", "SCRAM-SHA-256"));
  t.false(isStronger("SCRAM-SHA-256", "SCRAM-SHA-512"));
  t.true(isStronger("PLAIN", undefined));
  t.false(isStronger("HT-SHA-256-NONE", undefined));
});
