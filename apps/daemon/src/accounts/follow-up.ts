/** How long it has to be quiet, and how long it may not be, in milliseconds. */
const QUIET_MS = 5_000;
const LATEST_MS = 60_000;

/** Does something for each of several things a while after it was last touched. */
export class FollowUp {
  readonly #act: (name: string) => void;
  readonly #waiting = new Map<string, { timer: NodeJS.Timeout; latest: number }>();

  constructor(act: (name: string) => void) {
    this.#act = act;
  }

  touch(name: string): void {
    const now = Date.now();
    const waiting = this.#waiting.get(name);
    clearTimeout(waiting?.timer);
    const latest = waiting?.latest ?? now + LATEST_MS;
    const timer = setTimeout(
      () => {
        this.#waiting.delete(name);
        this.#act(name);
      },
      Math.max(0, Math.min(QUIET_MS, latest - now)),
    );
    timer.unref();
    this.#waiting.set(name, { timer, latest });
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}
