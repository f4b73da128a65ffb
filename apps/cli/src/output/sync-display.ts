import { SingleBar } from "cli-progress";

/** How far a synchronisation has come: a bar on a terminal, a line now and then elsewhere. On standard error. */
export class SyncDisplay {
  readonly #bar: SingleBar | undefined;
  readonly #name: string;
  #started = false;
  #lastLine = 0;

  constructor(name: string) {
    this.#name = name;
    this.#bar = process.stderr.isTTY
      ? new SingleBar({
          format: "{name} {bar} {value}/{total} items",
          hideCursor: true,
          stream: process.stderr,
          clearOnComplete: true,
        })
      : undefined;
  }

  update({ received, total }: { received: number; total?: number }): void {
    const all = Math.max(total ?? received, received);
    if (this.#bar) {
      if (!this.#started) this.#bar.start(all, received, { name: this.#name });
      else {
        this.#bar.setTotal(all);
        this.#bar.update(received);
      }
      this.#started = true;
      return;
    }
    const now = Date.now();
    if (now - this.#lastLine < 1000) return;
    this.#lastLine = now;
    process.stderr.write(`${this.#name}: ${received}${total === undefined ? "" : ` of ${total}`} items\n`);
  }

  end(): void {
    if (this.#started) this.#bar?.stop();
    this.#started = false;
  }
}
