import { SingleBar } from "cli-progress";

/** Where results go: one JSON document for programs, text for people. */
export class Output {
  readonly #json: boolean;

  constructor(json: boolean) {
    this.#json = json;
  }

  result(value: unknown, human: () => string): void {
    process.stdout.write(`${this.#json ? JSON.stringify(value) : human()}\n`);
  }
}

/** How far a long piece of work is, on standard error where that is a terminal; elsewhere nothing. */
export class Progress {
  readonly #bar: SingleBar | undefined;
  #isShown = false;

  constructor(name: string) {
    this.#bar = process.stderr.isTTY
      ? new SingleBar({
          format: `${name} {bar} {value}/{total} {unit}`,
          hideCursor: true,
          stream: process.stderr,
          clearOnComplete: true,
        })
      : undefined;
  }

  readonly update = ({ done, total, unit }: { done: number; total?: number; unit: string }): void => {
    if (!this.#bar) return;
    const all = Math.max(total ?? done, done);
    if (!this.#isShown) this.#bar.start(all, done, { unit });
    this.#isShown = true;
    this.#bar.setTotal(all);
    this.#bar.update(done, { unit });
  };

  end(): void {
    if (this.#isShown) this.#bar?.stop();
    this.#isShown = false;
  }
}

/** Shows the progress of `work` while it runs. */
export async function withProgress<T>(name: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = new Progress(name);
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}

export function size(bytes: number): string {
  return bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** `3 rows`, `1 row` */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
