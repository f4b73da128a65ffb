import { parseJid } from "@larder/core";

const DAY_MS = 86_400_000;
const MAX_HOSTS = 10_000;

interface Day {
  readonly began: number;
  spent: number;
}

/** Characters that may be read again in a day from the services of one host, only to find items overwritten in their places. */
export class OverwriteBudget {
  readonly #bytesPerDay: number;
  readonly #days = new Map<string, Day>();

  constructor(bytesPerDay: number) {
    this.#bytesPerDay = bytesPerDay;
  }

  /** @returns whether so much is left; it is spent then */
  take(service: string, bytes: number): boolean {
    const host = parseJid(service)?.domain ?? service;
    const now = Date.now();
    const known = this.#days.get(host);
    const day = known && now - known.began < DAY_MS ? known : { began: now, spent: 0 };
    if (day.spent + bytes > this.#bytesPerDay) return false;
    day.spent += bytes;
    this.#days.delete(host);
    this.#days.set(host, day);
    const [oldest] = this.#days.keys();
    if (this.#days.size > MAX_HOSTS && oldest !== undefined) this.#days.delete(oldest);
    return true;
  }
}
