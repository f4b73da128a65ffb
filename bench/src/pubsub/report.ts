import type { Times } from "../storage/measure.js";

/** One line of a table: what was measured, the figure, and what it should be. */
export function line(what: string, figure: string, target = ""): void {
  console.log(`${what.padEnd(46)} ${figure.padEnd(52)} ${target}`.trimEnd());
}

/** Times of work on so many items, with the rate of the median. */
export function times(kept: Times, items: number): string {
  return `${kept}   ${Math.round((items / kept.at(0.5)) * 1000)} items/s`;
}
