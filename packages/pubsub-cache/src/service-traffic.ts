import { setTimeout as sleep } from "node:timers/promises";
import { hasErrorType, parseJid, type Requester, type RequesterOptions, type XmlElement } from "@larder/core";
import { PriorityLimiter } from "./priority-limiter.js";

/** How often a request of ours is made again that a service was too busy for. */
const BUSY_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;

interface Host {
  readonly limiter: PriorityLimiter;
  /** Until when nothing is asked in the background. */
  quietUntil: number;
  pauseMs: number;
}

/**
 * What goes to services, politely: so many requests at a time to one host (all nodes of people's own accounts on a
 * server are one host), and pauses that grow where it says that it has had enough (`resource-constraint`,
 * `policy-violation`; RFC 6120 §8.3.3). What somebody waits for goes before what is done in the background.
 */
export class ServiceTraffic {
  readonly #hosts = new Map<string, Host>();
  readonly #perHost: number;
  readonly #signal: AbortSignal;

  constructor(perHost: number, signal: AbortSignal) {
    this.#perHost = perHost;
    this.#signal = signal;
  }

  /** For work that nobody waits for: it waits its turn, and is done again where the service was too busy. */
  background(requester: Requester): Requester {
    return {
      account: requester.account,
      request: (iq, options) => this.#patiently(requester, iq, options),
    };
  }

  /** For what somebody waits for: whatever the service answers is the answer. */
  foreground(requester: Requester): Requester {
    return {
      account: requester.account,
      request: (iq, options) =>
        this.#host(requester, iq).limiter.run("first", () => requester.request(iq, options)),
    };
  }

  /** Until when a service is left in peace in the background; undefined where it is not. */
  quietUntil(service: string): Date | undefined {
    const until = this.#hosts.get(hostOf(service))?.quietUntil ?? 0;
    return until > Date.now() ? new Date(until) : undefined;
  }

  async #patiently(
    requester: Requester,
    iq: XmlElement,
    options: RequesterOptions | undefined,
  ): Promise<XmlElement> {
    const host = this.#host(requester, iq);
    for (let attempt = 1; ; attempt++) {
      const wait = host.quietUntil - Date.now();
      if (wait > 0) await sleep(wait, undefined, { signal: this.#signal });
      try {
        const answer = await host.limiter.run("later", () => requester.request(iq, options));
        host.pauseMs = FIRST_PAUSE_MS;
        return answer;
      } catch (error) {
        if (!hasErrorType(error) || error.type !== "busy") throw error;
        // One request that was refused counts once, however many were under way.
        if (host.quietUntil <= Date.now()) {
          host.quietUntil = Date.now() + host.pauseMs * (0.9 + Math.random() * 0.2);
          host.pauseMs = Math.min(LONGEST_PAUSE_MS, host.pauseMs * 2);
        }
        if (attempt >= BUSY_ATTEMPTS) throw error;
      }
    }
  }

  #host(requester: Requester, iq: XmlElement): Host {
    const key = hostOf(iq.attrs.to ?? requester.account);
    let host = this.#hosts.get(key);
    if (!host) {
      host = { limiter: new PriorityLimiter(this.#perHost), quietUntil: 0, pauseMs: FIRST_PAUSE_MS };
      this.#hosts.set(key, host);
    }
    return host;
  }
}

const hostOf = (service: string): string => parseJid(service)?.domain ?? service;
