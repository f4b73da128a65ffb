import { randomUUID } from "node:crypto";
import {
  bareJid,
  ConnectionError,
  NotConnectedError,
  normaliseJid,
  parseJid,
  type Requester,
  RequestTimeoutError,
  StanzaError,
  type XmlElement,
} from "@larder/core";
import type { IqRequest, PlainClient } from "./client.js";

/** How long a service may take where nobody says otherwise. */
const TIMEOUT_MS = 30_000;

/**
 * A requester over a plain client. The client takes any stanza with the right id for the answer, so the ids are
 * random here, and whoever answers must be who was asked.
 *
 * @param request the client's own way to ask, before it is answered from the cache
 */
export function requesterOf(client: PlainClient, account: string, request: IqRequest): Requester {
  return {
    account,
    async request(iq, { timeoutMs = TIMEOUT_MS } = {}) {
      if (client.status !== "online") throw new NotConnectedError(account);
      iq.attrs.id = randomUUID();
      const { to } = iq.attrs;
      let answer: XmlElement;
      try {
        answer = await request(iq, timeoutMs);
      } catch (error) {
        throw translated(error, to, timeoutMs);
      }
      if (!mayAnswer(account, to, answer.attrs.from))
        throw new ConnectionError(`${answer.attrs.from} has answered what ${to ?? account} was asked`);
      return answer;
    },
  };
}

/** RFC 6120 §8.1.2.1, §10.3.1, §10.3.3: our server answers in our name, in its own, or without a name. */
function mayAnswer(account: string, to: string | undefined, from: string | undefined): boolean {
  if (from !== undefined && to !== undefined && normaliseJid(from) === normaliseJid(to)) return true;
  const ours = to === undefined || normaliseJid(to) === account;
  return ours && (from === undefined || bareJid(from) === account || from === parseJid(account)?.domain);
}

/** The client's errors as those that requests end with everywhere else; the original is the cause. */
export function translated(error: unknown, to: string | undefined, timeoutMs = TIMEOUT_MS): unknown {
  const { name, condition, text, type } = error as Record<string, unknown>;
  if (name === "StanzaError" && typeof condition === "string") {
    const details = {
      text: text ? String(text) : undefined,
      errorType: type ? String(type) : undefined,
      from: to,
    };
    return Object.assign(new StanzaError(condition, details), { cause: error });
  }
  if (name === "TimeoutError")
    return new RequestTimeoutError(`${to ?? "the server"} did not answer within ${timeoutMs} ms`, {
      cause: error,
    });
  return new ConnectionError("the request could not be sent", { cause: error });
}
