import { ConflictError } from "@larder/core";
import type { Analyser, Analysis, NodeFacts } from "./analyser.js";

/** The analysers in the order in which they are asked; the first that matches decides. */
export class AnalyserRegistry {
  readonly #analysers: Analyser[] = [];

  constructor(analysers: readonly Analyser[] = []) {
    for (const analyser of analysers) this.register(analyser);
  }

  /** @throws {ConflictError} the name is taken */
  register(analyser: Analyser): void {
    const name = analyser.name.toLowerCase();
    if (this.#analysers.some((known) => known.name.toLowerCase() === name)) {
      throw new ConflictError(`there is an analyser named ${analyser.name} already`);
    }
    this.#analysers.push(analyser);
  }

  /** All of them, in the order in which they are asked. */
  list(): readonly Analyser[] {
    return this.#analysers;
  }

  /** The analyser that a stored node names; undefined where it is no longer registered. */
  byName(name: string | undefined): Analyser | undefined {
    return this.#analysers.find((analyser) => analyser.name === name);
  }

  /**
   * Analyses a node by the payloads of some of its items: the most frequent namespace that anybody knows decides, so that
   * an odd item does not.
   */
  analyseItems(
    facts: Omit<NodeFacts, "namespace">,
    namespaces: readonly (string | undefined)[],
  ): Analysis | undefined {
    const counts = new Map<string, number>();
    for (const namespace of namespaces)
      if (namespace !== undefined) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
    const byFrequency = [...counts].sort(([, one], [, other]) => other - one);
    for (const [namespace] of byFrequency) {
      const analysis = this.analyse({ ...facts, namespace });
      if (analysis) return analysis;
    }
    return this.analyse(facts);
  }

  analyse(facts: NodeFacts): Analysis | undefined {
    const match = this.#analysers.find(
      ({ node, namespace }) =>
        (node !== undefined && facts.node.startsWith(node)) ||
        (namespace !== undefined && namespace === facts.namespace),
    );
    if (!match) return undefined;
    const { name, type, subtype, toSync } = match;
    const analysis = { analyser: name, type, toSync, ...(subtype !== undefined && { subtype }) };
    return match.onMatch?.(analysis, facts) ?? analysis;
  }
}
