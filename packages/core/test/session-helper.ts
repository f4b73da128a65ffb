import {
  Session,
  type SessionLog,
  type SessionOptions,
  type StanzaHandlerOptions,
  type XmlElement,
  xml,
} from "@larder/core";
import { type ScriptedServerOptions, startScriptedServer } from "@larder/testing";
import type { ExecutionContext } from "ava";

/** A log that keeps its lines, for asking what was said and what was not. */
export function keptLog() {
  const lines: string[] = [];
  const keep = (fields: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: SessionLog = { debug: keep, info: keep, warn: keep, error: keep };
  return { lines, log };
}

/** A scripted server and a session for alice at it, both gone after the test. */
export async function prepared(
  t: ExecutionContext,
  server: Partial<ScriptedServerOptions> = {},
  options: Partial<SessionOptions> = {},
) {
  const scripted = await startScriptedServer(server);
  const kept = keptLog();
  const session = new Session({ ...scripted.account("alice"), log: kept.log, ...options });
  t.teardown(async () => {
    await session.disconnect();
    await scripted.stop();
  });
  return { server: scripted, session, lines: kept.lines };
}

/** The same, with alice online; `peer` is the server's end. */
export async function loggedIn(
  t: ExecutionContext,
  server: Partial<ScriptedServerOptions> = {},
  options: Partial<SessionOptions> = {},
) {
  const all = await prepared(t, server, options);
  const [peer] = await Promise.all([all.server.online(), all.session.connect()]);
  return { ...all, peer };
}

/** Resolves with the next event of the session that matches. */
export function once<Name extends Parameters<Session["on"]>[0]>(
  session: Session,
  name: Name,
  matches: (event: Parameters<Parameters<typeof session.on<Name>>[1]>[0]) => boolean = () => true,
) {
  return new Promise<Parameters<Parameters<typeof session.on<Name>>[1]>[0]>((resolve) => {
    const off = session.on(name, (event) => {
      if (!matches(event)) return;
      off();
      resolve(event);
    });
  });
}

/** What a session handles, with a way to wait for the next. */
export function collect(session: Session, options?: StanzaHandlerOptions) {
  const all: XmlElement[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  session.onStanza((stanza) => {
    all.push(stanza);
    for (const each of waiting) if (all.length >= each.count) each.resolve();
  }, options);
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      if (all.length >= count) resolve();
      else waiting.push({ count, resolve });
    });
  return { all, bodies: () => all.map((stanza) => stanza.getChildText("body")), until };
}

/** A promise and the key to it. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

export const message = (body: string, to = "bob@example.org") =>
  xml("message", { to, type: "chat", id: body }, xml("body", {}, body));

export const messageFrom = (body: string, from = "bob@example.org/r") =>
  `<message from='${from}' to='alice@example.org' type='chat' id='${body}'><body>${body}</body></message>`;
