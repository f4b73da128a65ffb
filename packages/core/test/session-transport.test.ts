import net from "node:net";
import tls from "node:tls";
import { AuthenticationError, ConnectionError, InvalidParamsError, Session, TlsError } from "@larder/core";
import { startScriptedServer } from "@larder/testing";
import test from "ava";
import { collect, loggedIn, message, messageFrom, once, prepared } from "./session-helper.js";

const TEXT = "héllo 👋🏽 🇫🇷 日本";

for (const encryption of ["none", "direct"] as const) {
  test(`characters of several bytes arrive whole wherever the network cuts them (${encryption})`, async (t) => {
    const { session, peer } = await loggedIn(t, { tls: encryption });
    const seen = collect(session);
    const bytes = Buffer.from(messageFrom("x").replace("<body>x", `<body>${TEXT}`));
    for (const size of [1, 2, 3, 5, 7]) {
      for (let at = 0; at < bytes.length; at += size) {
        peer.write(bytes.subarray(at, at + size));
        await new Promise(setImmediate); // lets each piece travel alone
      }
    }
    await seen.until(5);
    t.deepEqual([...new Set(seen.bodies())], [TEXT]);
  });
}

test("half a character left over from a lost connection does not spoil the next", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const seen = collect(session);
  const back = once(session, "online");
  peer.write(Buffer.from("<message from='bob@example.org/r'><body>\u{1F44B}").subarray(0, -2));
  await new Promise(setImmediate);
  peer.cut();
  const next = await server.online();
  await back;
  next.send(messageFrom(TEXT));
  await seen.until(1);
  t.deepEqual(seen.bodies(), [TEXT]);
});

test("bytes that are not UTF-8 end the stream, and the next session is a new one", async (t) => {
  const { server, session, peer } = await loggedIn(t);
  const seen = collect(session);
  const back = once(session, "online");
  peer.write(
    Buffer.concat([
      Buffer.from(messageFrom("whole")),
      Buffer.from("<message><body>"),
      Buffer.from([0xc3, 0x28]),
    ]),
  );
  const next = await server.online();
  t.false((await back).resumed);
  t.regex(peer.transcript.join(""), /<stream:error><unsupported-encoding [^>]*\/><\/stream:error>/);
  next.send(messageFrom("after"));
  await seen.until(2);
  t.deepEqual(seen.bodies(), ["whole", "after"]);
});

test("a server without STARTTLS is left before any login", async (t) => {
  const { server, session } = await prepared(t, {}, { tls: "required" });
  const error = await t.throwsAsync(session.connect(), { instanceOf: TlsError });
  t.regex(error?.message ?? "", /^alice@example\.org: the server offers no encryption/);
  t.is(session.state, "failed");
  const sent = server.peers.map(({ transcript }) => transcript.join("")).join("");
  t.regex(sent, /<stream:stream/);
  t.notRegex(sent, /auth|alice|sasl/);
});

test("nothing but STARTTLS and a header goes out before encryption", async (t) => {
  const { session, peer } = await loggedIn(t, { tls: "starttls" });
  const [first = "", second = ""] = peer.transcript;
  t.notRegex(first + second, /alice|auth/);
  t.regex(peer.header?.attrs.from ?? "", /^alice@example\.org$/, "who we are is told once it is encrypted");
  t.is(session.state, "online");
});

test("data slipped in between <proceed/> and the encryption ends the attempt", async (t) => {
  const { session } = await prepared(t, {
    tls: "starttls",
    onElement: (peer, element) => {
      if (!element.is("starttls")) return false;
      peer.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features/>");
      return true;
    },
  });
  await t.throwsAsync(session.connect(), { instanceOf: TlsError, message: /before the encryption/ });
});

for (const encryption of ["starttls", "direct"] as const) {
  test(`the certificate has to be for the account's domain, not for the host (${encryption})`, async (t) => {
    const { session, server } = await loggedIn(t, { tls: encryption });
    t.is(session.state, "online", "127.0.0.1 is not in the certificate, example.org is");
    const other = new Session({ ...server.account("alice"), jid: "alice@other.example" });
    const error = await t.throwsAsync(other.connect(), { instanceOf: TlsError });
    t.regex(error?.message ?? "", /is not for other\.example but for example\.org/);
    t.is(other.state, "failed");
  });

  test(`after SRV too, the certificate has to be for the account's domain (${encryption})`, async (t) => {
    const server = await startScriptedServer({ tls: encryption });
    const service = encryption === "direct" ? "_xmpps-client" : "_xmpp-client";
    const resolver = {
      resolveSrv: async (name: string) =>
        name.startsWith(`${service}._tcp.`)
          ? [{ name: "localhost", port: server.port, priority: 0, weight: 0 }]
          : [],
    };
    const account = { ...server.account("alice"), service: undefined, resolver };
    await using session = new Session(account);
    await session.connect();
    t.is(session.state, "online");
    await using foreign = new Session({ ...account, jid: "alice@localhost.example" });
    await t.throwsAsync(foreign.connect(), {
      instanceOf: TlsError,
      message: /is not for localhost\.example/,
    });
    await session.disconnect();
    await server.stop();
  });

  test(`an expired certificate is its own error (${encryption})`, async (t) => {
    const { session } = await prepared(t, { tls: encryption, certificate: "expired" });
    await t.throwsAsync(session.connect(), {
      instanceOf: TlsError,
      message: /^the certificate of 127\.0\.0\.1:\d+ has expired/,
    });
  });

  test(`a certificate that names the domain as its subject alone proves nothing (${encryption})`, async (t) => {
    const { session } = await prepared(t, { tls: encryption, certificate: "nameless" });
    await t.throwsAsync(session.connect(), { instanceOf: TlsError, message: /has no subjectAltName/ });
    t.is(session.state, "failed");
  });

  test(`an unknown authority is its own error, with the remedy (${encryption})`, async (t) => {
    const { session } = await prepared(t, { tls: encryption }, { ca: undefined });
    await t.throwsAsync(session.connect(), { instanceOf: TlsError, message: /not trusted here.*caFile/ });
  });

  test(`Nagle's algorithm is off on the real socket (${encryption})`, async (t) => {
    const asked = new Set<net.Socket>();
    const original = net.Socket.prototype.setNoDelay;
    net.Socket.prototype.setNoDelay = function (this: net.Socket, on = true) {
      if (on) asked.add(this);
      return original.call(this, on);
    };
    t.teardown(() => {
      net.Socket.prototype.setNoDelay = original;
    });
    const { server } = await loggedIn(t, { tls: encryption });
    t.true(
      [...asked].some((socket) => !(socket instanceof tls.TLSSocket) && socket.remotePort === server.port),
    );
  });
}

test("an authority belongs to one session alone", async (t) => {
  const { server } = await loggedIn(t, { tls: "direct" });
  const other = new Session({ ...server.account("bob"), ca: undefined });
  await t.throwsAsync(other.connect(), { instanceOf: TlsError });
});

test("direct TLS names its protocol in the handshake", async (t) => {
  const { server } = await loggedIn(t, { tls: "direct" });
  const direct = await startScriptedServer({ tls: "direct" });
  t.teardown(() => direct.stop());
  t.truthy(server);
  const negotiated = new Promise<string | false | null>((resolve) => {
    const listener = tls.createServer({ ...direct.certificate, ALPNProtocols: ["xmpp-client"] }, (socket) => {
      resolve(socket.alpnProtocol);
      socket.destroy();
      listener.close();
    });
    listener.listen(0, "127.0.0.1", () => {
      const { port } = listener.address() as net.AddressInfo;
      const session = new Session({ ...direct.account("alice"), service: `xmpps://127.0.0.1:${port}` });
      session.connect().catch(() => session.disconnect());
    });
  });
  t.is(await negotiated, "xmpp-client");
});

test("without TLS only this machine is reached, and the error names the remedy", async (t) => {
  const session = new Session({
    jid: "alice@example.org",
    password: async () => t.fail("asked for the password") as never,
    service: "xmpp://192.0.2.1:5222",
    tls: "disabled",
  });
  await t.throwsAsync(session.connect(), {
    instanceOf: TlsError,
    message: /192\.0\.2\.1 is another.*allowPlaintext/,
  });
  t.is(session.state, "failed");
});

test("over unencrypted loopback even PLAIN works, as it never leaves the machine", async (t) => {
  const { session } = await loggedIn(t, { mechanisms: ["PLAIN"] });
  t.is(session.state, "online");
});

test("PLAIN is held back on an unencrypted connection to elsewhere, though it was allowed", async (t) => {
  const server = await startScriptedServer({ mechanisms: ["PLAIN"] });
  const resolver = {
    resolveSrv: async () => [
      { name: "ip6-localnet.invalid", port: 1, priority: 9, weight: 0 },
      { name: "127.0.0.1", port: server.port, priority: 0, weight: 0 },
    ],
  };
  const session = new Session({
    ...server.account("alice"),
    service: undefined,
    resolver,
    allowPlaintext: true,
  });
  await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError, message: /only PLAIN/ });
  t.notRegex(server.peers[0]?.transcript.join("") ?? "", /<auth/);
  await server.stop();
});

test("a refused connection names the host, and is tried again", async (t) => {
  const free = await startScriptedServer();
  const { port } = free;
  const account = free.account();
  await free.stop();
  await using session = new Session(account);
  await t.throwsAsync(session.connect(), {
    instanceOf: ConnectionError,
    message: new RegExp(`^cannot reach 127\\.0\\.0\\.1:${port}: connection refused`),
  });
  t.is(session.state, "connecting");
  t.regex(session.lastError?.message ?? "", /refused/);
});

test("an unknown host is named with the remedy", async (t) => {
  await using session = new Session({
    jid: "alice@does-not-exist.invalid",
    password: async () => "",
    resolver: { resolveSrv: async () => [] },
  });
  const error = await t.throwsAsync(session.connect(), { instanceOf: ConnectionError });
  t.regex(error?.message ?? "", /^cannot reach does-not-exist\.invalid:5222: .*(no such host|looked up)/);
});

test("a port that says nothing is given up after the time for it", async (t) => {
  const { session } = await prepared(t, { mute: true }, { timeouts: { streamMs: 50 } });
  await t.throwsAsync(session.connect(), {
    instanceOf: ConnectionError,
    message: /did not open an XMPP stream within 50 ms; is it an XMPP port\?/,
  });
});

test("the second host of SRV is tried where the first cannot be reached", async (t) => {
  const server = await startScriptedServer({ tls: "starttls" });
  const closed = await startScriptedServer();
  const { port } = closed;
  await closed.stop();
  const resolver = {
    resolveSrv: async (name: string) =>
      name.startsWith("_xmpp-client")
        ? [
            { name: "127.0.0.1", port, priority: 0, weight: 0 },
            { name: "127.0.0.1", port: server.port, priority: 1, weight: 0 },
          ]
        : [],
  };
  await using session = new Session({ ...server.account(), service: undefined, resolver });
  await session.connect();
  t.is(session.state, "online");
  await session.disconnect();
  await server.stop();
});

for (const jid of ["example.org", "alice@example.org/r", "not a jid", ""]) {
  test(`"${jid}" is no account`, (t) => {
    t.throws(() => new Session({ jid, password: async () => "" }), { instanceOf: InvalidParamsError });
  });
}

test("the session is gone in good order: a count, the end of the stream, and no waiting", async (t) => {
  const { session, peer } = await loggedIn(t);
  await session.sendTracked(message("1"));
  const begin = performance.now();
  await session.disconnect();
  await peer.streamEnded;
  t.true(performance.now() - begin < 1000);
  t.regex(peer.transcript.at(-1) ?? "", /<a .*h="0"|<a .*h='0'|<\/stream:stream>/);
  t.is(session.state, "offline");
  t.is(session.jid, undefined);
});

test("a server that does not answer the end of the stream is left after the time for it", async (t) => {
  const { session, peer } = await loggedIn(t, {}, { timeouts: { closeMs: 50 } });
  peer.server.options.mute = true;
  await session.disconnect();
  t.is(session.state, "offline");
});
