/**
 * What events have changed while a node is being read. A page shows the node as it was when it was
 * asked for, at the earliest; of what an event has changed since, the event knows better.
 */
export class RunChanges {
  #clock = 0;
  #purged = 0;
  #configured = 0;
  #doubted = 0;
  readonly #published = new Map<string, number>();
  readonly #retracted = new Map<string, number>();

  /** The moment in the sequence of events; to be taken before a page is asked for. */
  get now(): number {
    return this.#clock;
  }

  published(itemIds: readonly string[]): void {
    this.#clock++;
    for (const id of itemIds) {
      this.#published.delete(id); // so that the last one published stands last
      this.#published.set(id, this.#clock);
    }
  }

  /** Ids of what was published after a moment, in the order of publishing. */
  publishedSince(moment: number): string[] {
    return [...this.#published].filter(([, at]) => at > moment).map(([id]) => id);
  }

  /** A page asked for at `moment` has these: their places in it count, unless they are published again after that. */
  placed(items: readonly { readonly id: string }[], moment: number): void {
    for (const { id } of items) if ((this.#published.get(id) ?? 0) <= moment) this.#published.delete(id);
  }

  retracted(itemIds: readonly string[]): void {
    this.#clock++;
    for (const id of itemIds) this.#retracted.set(id, this.#clock);
  }

  /** All items are gone. */
  purged(): void {
    this.#purged = ++this.#clock;
  }

  /** The copy was found to be wrong. */
  doubted(): void {
    this.#doubted = ++this.#clock;
  }

  doubtedSince(moment: number): boolean {
    return this.#doubted > moment;
  }

  /** The node is configured in another way. */
  configured(): void {
    this.#configured = ++this.#clock;
  }

  configuredSince(moment: number): boolean {
    return this.#configured > moment;
  }

  purgedSince(moment: number): boolean {
    return this.#purged > moment;
  }

  /** Those of a page asked for at `moment` that no event has overtaken. */
  stillTrue<Item extends { readonly id: string }>(items: readonly Item[], moment: number): Item[] {
    return this.stillThere(items, moment).filter(({ id }) => (this.#published.get(id) ?? 0) <= moment);
  }

  /** Those of them that no event has removed: their place in the page is still true, if not what they say. */
  stillThere<Item extends { readonly id: string }>(items: readonly Item[], moment: number): Item[] {
    if (this.#purged > moment) return [];
    return items.filter(({ id }) => (this.#retracted.get(id) ?? 0) <= moment);
  }
}

/** The readings that are under way, by the node's row. */
export class RunRegistry {
  readonly #runs = new Map<number, Set<RunChanges>>();

  /** From now on the changes of a node are noted. */
  begin(nodeId: number): RunChanges {
    const changes = new RunChanges();
    this.#runs.set(nodeId, (this.#runs.get(nodeId) ?? new Set()).add(changes));
    return changes;
  }

  end(nodeId: number, changes: RunChanges): void {
    const runs = this.#runs.get(nodeId);
    runs?.delete(changes);
    if (runs?.size === 0) this.#runs.delete(nodeId);
  }

  /** Notes what an event that was applied to a node has changed. */
  note(nodeId: number, change: (changes: RunChanges) => void): void {
    for (const changes of this.#runs.get(nodeId) ?? []) change(changes);
  }
}
