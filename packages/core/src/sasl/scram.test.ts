import test from "ava";
import { AuthenticationError } from "../errors/errors.js";
import { ScramExchange, type ScramHash } from "./scram.js";

function exchange(hash: ScramHash, nonce: string, password = "pencil") {
  return new ScramExchange({
    account: "user@example.org",
    hash,
    username: "user",
    password: async () => password,
    binding: { flag: "n" },
    nonce,
  });
}

const vectors = [
  // RFC 5802 §5
  {
    hash: "SHA-1",
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
    challenge: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    answer: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    last: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  },
  // RFC 7677 §3
  {
    hash: "SHA-256",
    nonce: "rOprNGfwEbeRWgbNEkqO",
    challenge: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    answer:
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    last: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  },
] as const;

for (const { hash, nonce, challenge, answer, last } of vectors) {
  test(`SCRAM-${hash} says what the RFC's example says`, async (t) => {
    const scram = exchange(hash, nonce);
    t.is(scram.first(), `n,,n=user,r=${nonce}`);
    await scram.receive(challenge);
    t.is(scram.answer(), answer);
    t.false(scram.verified);
    scram.finish(last);
    t.true(scram.verified);
  });

  test(`SCRAM-${hash} takes a wrong, missing or early signature for an impostor's`, async (t) => {
    const early = exchange(hash, nonce);
    t.throws(() => early.finish(last), { instanceOf: AuthenticationError });
    for (const wrong of [undefined, "", "v=", "v=AAAA", last.replace(/=./, "=A"), "x"]) {
      const scram = exchange(hash, nonce);
      await scram.receive(challenge);
      t.throws(() => scram.finish(wrong), { instanceOf: AuthenticationError }, wrong);
      t.false(scram.verified);
    }
  });

  test(`SCRAM-${hash} takes the signature in a last challenge too, once only`, async (t) => {
    const scram = exchange(hash, nonce);
    await scram.receive(challenge);
    await scram.receive(last);
    t.is(scram.answer(), "");
    t.notThrows(() => scram.finish(undefined));
  });
}

for (const [what, challenge] of [
  ["a nonce that is not ours", "r=other,s=QSXCR+Q6sek8bf92,i=4096"],
  ["our nonce with nothing added", "r=abc,s=QSXCR+Q6sek8bf92,i=4096"],
  ["too few rounds", "r=abcdef,s=QSXCR+Q6sek8bf92,i=4095"],
  ["rounds without end", "r=abcdef,s=QSXCR+Q6sek8bf92,i=2000000000"],
  ["no rounds", "r=abcdef,s=QSXCR+Q6sek8bf92"],
  ["no salt", "r=abcdef,s=,i=4096"],
  ["a mandatory extension", "m=x,r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"],
] as const) {
  test(`a challenge with ${what} is refused before the password is touched`, async (t) => {
    const scram = new ScramExchange({
      account: "user@example.org",
      hash: "SHA-256",
      username: "user",
      password: async () => t.fail("asked for the password") as never,
      binding: { flag: "n" },
      nonce: "abc",
    });
    await t.throwsAsync(scram.receive(challenge), { instanceOf: AuthenticationError });
  });
}

test("commas and equals signs in a name are escaped, and names and passwords prepared", async (t) => {
  const scram = new ScramExchange({
    account: "a",
    hash: "SHA-1",
    username: "a=b,\u00ADc",
    password: async () => "pen\u00ADcil",
    binding: { flag: "y" },
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
  });
  t.is(scram.first(), "y,,n=a=3Db=2Cc,r=fyko+d2lbbFgONRv9qkxdawL");
  const plain = exchange("SHA-1", vectors[0].nonce, "pen\u00ADcil");
  await plain.receive(vectors[0].challenge);
  t.is(plain.answer(), vectors[0].answer);
});

test("a wide password arrives as UTF-8", async (t) => {
  const scram = exchange("SHA-256", "abc", "pässwörd 👋");
  await scram.receive("r=abcd,s=QSXCR+Q6sek8bf92,i=4096");
  t.regex(scram.answer(), /^c=biws,r=abcd,p=/);
});

test("the main thread goes on working while a password is hashed", async (t) => {
  const nonce = "fyko+d2lbbFgONRv9qkxdawL";
  const scram = exchange("SHA-256", nonce);
  scram.first();
  let turns = 0;
  const turn = () => {
    turns++;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  await scram.receive(`r=${nonce}and-more,s=QSXCR+Q6sek8bf92,i=400000`);
  clearImmediate(next);
  // Turns of the event loop, not milliseconds: hashing on the main thread leaves one at most, however fast it is.
  t.true(turns > 5, `${turns} turns`);
});
