/** Times of one kind of work in milliseconds, and how they are written. */
export class Times {
  readonly #values: number[] = [];

  add(milliseconds: number): void {
    this.#values.push(milliseconds);
  }

  get count(): number {
    return this.#values.length;
  }

  /** @param share 0.5 is the median, 0.99 the 99th percentile, 0 and 1 the ends */
  at(share: number): number {
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  }

  /** min / median / max */
  toString(): string {
    return `${[0, 0.5, 1].map((share) => milliseconds(this.at(share))).join(" / ")} ms`;
  }
}

const milliseconds = (value: number) => value.toFixed(value < 10 ? 2 : 1);

async function time(times: Times, work: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  await work();
  times.add(performance.now() - from);
}

/**
 * Runs kinds of work in turns, so that a machine that becomes slower becomes so for all of them; the
 * first turn warms up and does not count.
 *
 * @param together how often each kind runs in a row: what follows another kind pays for the memory that it has left
 */
export async function inTurns<Name extends string>(
  turns: number,
  kinds: Record<Name, () => Promise<unknown>>,
  together = 1,
): Promise<Record<Name, Times>> {
  const names = Object.keys(kinds) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, new Times()])) as Record<Name, Times>;
  for (let turn = 0; turn <= turns; turn++) {
    for (const name of names)
      for (let run = 0; run < together; run++)
        await time(turn === 0 ? new Times() : times[name], kinds[name]);
  }
  return times;
}

/** One line of a table: what was measured, the figure, and what it should be. */
export function report(what: string, figure: string, target = ""): void {
  console.log(`${what.padEnd(44)} ${figure.padEnd(58)} ${target}`.trimEnd());
}

/** The product's time beside the bare driver's, as a ratio of medians. */
export function reportRatio(what: string, ours: Times, bare: Times, target: string): void {
  const ratio = (ours.at(0.5) / bare.at(0.5)).toFixed(2);
  report(what, `${ours}   bare ${bare}   ${ratio} x`, target);
}
