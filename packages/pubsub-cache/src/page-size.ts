/** Large pages pay, as far as an answer stays well below what is taken in one stanza and comes in good time. */
const TARGET_CHARACTERS = 2 * 1024 * 1024;
const TARGET_MS = 5000;
const LARGEST = 1000;
/** Of the first page: something happens soon, and a node of small items is read in one go. */
const FIRST = 100;
const LARGEST_STEP = 5;

/** Chooses how many items to ask for, by what came of it so far. */
export class PageSize {
  #size: number;
  #ceiling: number;

  /** @param largest never more */
  constructor(largest = LARGEST) {
    this.#size = Math.min(FIRST, largest);
    this.#ceiling = largest;
  }

  get now(): number {
    return this.#size;
  }

  /** An answer has come: how many items, of how many characters together, after how long. */
  note(items: number, characters: number, elapsedMs: number): void {
    if (items === 0) return;
    const bySize = (TARGET_CHARACTERS / Math.max(1, characters)) * items;
    const byTime = (TARGET_MS / Math.max(1, elapsedMs)) * items;
    const wanted = Math.min(bySize, byTime, this.#size * LARGEST_STEP, this.#ceiling);
    this.#size = Math.max(1, Math.floor(wanted));
  }

  /**
   * The answer was too large to be taken.
   *
   * @returns whether less can be asked for
   */
  tooLarge(): boolean {
    if (this.#size === 1) return false;
    this.#size = Math.max(1, this.#size >> 2);
    this.#ceiling = this.#size;
    return true;
  }
}
