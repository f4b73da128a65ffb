/**
 * What events have changed while a synchronisation pages. A page shows the node as it was when it was
 * asked for, at the earliest; of what an event has changed since, the event knows better.
 */
export class RunChanges {
  #clock = 0;
  #purged = 0;
  readonly #changed = new Map<string, number>();

  /** The moment in the sequence of events; to be taken before a page is asked for. */
  get now(): number {
    return this.#clock;
  }

  /** These items were published or retracted. */
  changed(itemIds: readonly string[]): void {
    this.#clock++;
    for (const id of itemIds) this.#changed.set(id, this.#clock);
  }

  /** All items are gone. */
  purged(): void {
    this.#purged = ++this.#clock;
  }

  /** Those of a page asked for at `moment` that no event has overtaken. */
  stillTrue<Item extends { readonly id: string }>(items: readonly Item[], moment: number): Item[] {
    if (this.#purged > moment) return [];
    return items.filter(({ id }) => (this.#changed.get(id) ?? 0) <= moment);
  }
}
