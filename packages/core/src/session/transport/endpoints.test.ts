import test from "ava";
import { InvalidParamsError } from "../../errors/errors.js";
import type { SrvRecord } from "../options.js";
import { findEndpoints, isLoopback, parseService } from "./endpoints.js";

const none = () => Promise.reject(Object.assign(new Error("no such record"), { code: "ENOTFOUND" }));

function resolver(records: Record<string, SrvRecord[]>) {
  return { resolveSrv: async (name: string) => records[name] ?? none() };
}
const record = (name: string, port: number, priority = 0, weight = 0): SrvRecord => ({
  name,
  port,
  priority,
  weight,
});

test("a service names host, port and whether TLS comes first", (t) => {
  t.deepEqual(parseService("xmpp://a.example"), { host: "a.example", port: 5222, directTls: false });
  t.deepEqual(parseService("xmpps://a.example"), { host: "a.example", port: 5223, directTls: true });
  t.deepEqual(parseService("xmpps://[::1]:443/"), { host: "::1", port: 443, directTls: true });
});

for (const service of [
  "a.example",
  "http://a",
  "xmpp://",
  "xmpp://a:0",
  "xmpp://a:70000",
  "xmpp://a/b",
  "xmpp://u@a",
]) {
  test(`"${service}" is no service`, (t) => {
    t.throws(() => parseService(service), { instanceOf: InvalidParamsError });
  });
}

test("without SRV records the domain itself is asked at port 5222", async (t) => {
  t.deepEqual(await findEndpoints("bücher.example", resolver({}), () => 0), [
    { host: "xn--bcher-kva.example", port: 5222, directTls: false },
  ]);
});

test("records for direct TLS and STARTTLS are one list by priority", async (t) => {
  const records = resolver({
    "_xmpp-client._tcp.a.example": [record("late", 5222, 20), record("first", 5222, 5)],
    "_xmpps-client._tcp.a.example": [record("second", 443, 10)],
  });
  t.deepEqual(await findEndpoints("a.example", records, () => 0), [
    { host: "first", port: 5222, directTls: false },
    { host: "second", port: 443, directTls: true },
    { host: "late", port: 5222, directTls: false },
  ]);
});

test("among equals the draw follows the weights", async (t) => {
  const records = resolver({
    "_xmpp-client._tcp.a.example": [record("light", 1, 0, 1), record("heavy", 2, 0, 97)],
  });
  const first = async (number: number) => (await findEndpoints("a.example", records, () => number))[0]?.host;
  t.is(await first(0), "light");
  t.is(await first(0.03), "heavy");
  t.is(await first(0.99), "heavy");
});

test("a target of . says that there is no service", async (t) => {
  const records = resolver({ "_xmpp-client._tcp.a.example": [record("", 0)] });
  await t.throwsAsync(
    findEndpoints("a.example", records, () => 0),
    { message: /no XMPP service/ },
  );
});

test("only this machine is loopback", (t) => {
  for (const host of ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
    t.true(isLoopback(host), host);
  for (const host of ["localhost.example.org", "128.0.0.1", "127.example.org", "::2", "example.org"])
    t.false(isLoopback(host), host);
});
