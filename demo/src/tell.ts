import { SingleBar } from "cli-progress";
import pc from "picocolors";

const started = performance.now();

/** A step of the demo. */
export function heading(text: string): void {
  process.stdout.write(`\n${pc.bold(pc.cyan(`▸ ${text}`))}\n`);
}

/** What happened. */
export function say(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

export const dim = pc.dim;
export const strong = pc.bold;

/** Runs `work` and says how long it took, in milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const from = performance.now();
  const result = await work();
  return { result, ms: performance.now() - from };
}

export const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);

export const milliseconds = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;

/** How far something has come: a bar on a terminal, a line for every third elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #what: string;
  readonly #bar: SingleBar | undefined;
  #told = 0;

  constructor(what: string, total: number) {
    this.#total = total;
    this.#what = what;
    this.#bar = process.stdout.isTTY
      ? new SingleBar({
          format: `  ${what} {bar} {value}/{total}`,
          barsize: 30,
          hideCursor: true,
          stream: process.stdout,
        })
      : undefined;
    this.#bar?.start(total, 0);
  }

  update(done: number): void {
    this.#bar?.update(done);
    if (this.#bar || done - this.#told < this.#total / 3) return;
    this.#told = done;
    say(dim(`${this.#what}: ${done} of ${this.#total}`));
  }

  end(): void {
    this.#bar?.update(this.#total);
    this.#bar?.stop();
  }
}
