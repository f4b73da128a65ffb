import { stripVTControlCharacters } from "node:util";

/** Endings of AVA's summary lines, and what each counts as. */
const kinds = [
  [/^(\d+) tests? passed$/, "passed"],
  [/^(\d+) (?:tests?|hooks?) failed$/, "failed"],
  [/^(\d+) known failures?$/, "known"],
  [/^(\d+) tests? skipped$/, "skipped"],
  [/^(\d+) tests? todo$/, "skipped"],
  [/^(\d+) unhandled rejections?$/, "failed"],
  [/^(\d+) uncaught exceptions?$/, "failed"],
  [/^(\d+) tests? remained pending after a timeout$/, "failed"],
];

/** Adds up the summaries of AVA runs from the lines that Turborepo shows, each with its package in front. */
export class AvaSummary {
  #packages = new Map();

  /** Takes one line of output. */
  add(line) {
    const plain = stripVTControlCharacters(line).trimEnd();
    const ended = /^(\S+)#test:\s+(?:WARNING|ERROR)\s+command/.exec(plain);
    if (ended) this.#of(ended[1]).broken = true;
    const match = /^(\S+):test: (.*)$/.exec(plain);
    if (!match) return;
    const [, name, rest] = match;
    const counts = this.#of(name);
    const text = rest.trim();
    if (text.startsWith("✔ ")) counts.ticks++;
    for (const [pattern, kind] of kinds) {
      const count = pattern.exec(text)?.[1];
      if (count !== undefined) counts[kind] += Number(count);
    }
  }

  #of(name) {
    if (!this.#packages.has(name))
      this.#packages.set(name, { passed: 0, failed: 0, known: 0, skipped: 0, ticks: 0, broken: false });
    return this.#packages.get(name);
  }

  /**
   * The sums. AVA does not say how many passed where some failed, so there the ticked lines count. A package of
   * `expected` from which no test was heard counts as one failure, and so does one whose runner ended badly without
   * naming a test; `problems` says which.
   */
  total(expected) {
    const problems = [];
    const sum = { passed: 0, failed: 0, skipped: 0 };
    for (const name of expected) {
      const counts = this.#of(name);
      sum.passed += counts.passed === 0 ? counts.ticks : counts.passed;
      sum.failed += counts.failed;
      sum.skipped += counts.skipped;
      if (counts.failed > 0) continue;
      if (counts.passed + counts.ticks === 0) problems.push(`${name}: no test was run`);
      else if (counts.broken) problems.push(`${name}: the test runner ended badly`);
    }
    sum.failed += problems.length;
    return { ...sum, problems };
  }
}
