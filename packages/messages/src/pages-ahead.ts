import type { ArchivePage } from "@larder/core";
import { ArchiveRepeatsError } from "./archive-repeats-error.js";

/** So many pages may wait to be kept, the one that is on its way included; each is about a megabyte. */
const MOST_AHEAD = 3;

/** How one stretch of an archive is paged through, forward or back. */
export interface PageSource {
  /**
   * @param from id that the page before ended with
   * @param onEdge told the id that the next page begins from, where that is known before the page is complete
   */
  ask(from: string, onEdge: (id: string) => void): Promise<ArchivePage>;
  /** The last message of a page in the direction of reading; undefined where it has none. */
  endOf(page: ArchivePage): string | undefined;
  /** Where the next page begins; undefined where there is none. */
  edgeOf(page: ArchivePage): string | undefined;
}

interface Asked {
  readonly page: Promise<ArchivePage>;
  /** Where the page after it was asked from, or is to be. */
  edge?: string;
}

/**
 * Pages of an archive in their turn, each asked for as soon as it is known where it begins, also while others wait to be kept: a
 * server makes a page only when it is asked to, and would be idle meanwhile.
 */
export class PagesAhead {
  readonly #source: PageSource;
  readonly #asked: Asked[] = [];
  /** Last ids of the pages so far: a page that ends with one of them again has no new message. */
  readonly #ends = new Set<string>();
  /** Where to go on from once fewer wait. */
  #next: string | undefined;

  /** @param from id to page from; undefined for no pages at all */
  constructor(source: PageSource, from: string | undefined) {
    this.#source = source;
    this.#next = from;
    if (from !== undefined) this.#ends.add(from);
    this.#advance();
  }

  /**
   * @returns undefined after the last
   * @throws what the request of this page failed with
   * @throws {ArchiveRepeatsError} the page was given before
   */
  async next(): Promise<ArchivePage | undefined> {
    const [asked] = this.#asked;
    if (!asked) return undefined;
    try {
      const page = await asked.page;
      const end = this.#source.endOf(page);
      if (end !== undefined && this.#ends.has(end)) {
        this.#asked.splice(1);
        asked.edge = undefined;
        this.#next = undefined;
        throw new ArchiveRepeatsError(end);
      }
      if (end !== undefined) this.#ends.add(end);
      return page;
    } finally {
      this.#asked.shift();
      this.#advance();
    }
  }

  #advance(): void {
    const from = this.#next;
    if (from === undefined || this.#asked.length >= MOST_AHEAD) return;
    this.#next = undefined;
    const asked: Asked = { page: this.#source.ask(from, (edge) => this.#goOn(asked, edge)) };
    this.#asked.push(asked);
    asked.page.then(
      (page) => this.#goOn(asked, this.#source.edgeOf(page)),
      () => {}, // whoever takes the page is told
    );
  }

  #goOn(after: Asked, edge: string | undefined): void {
    const place = this.#asked.indexOf(after);
    if (place < 0 || after.edge === edge) return;
    after.edge = edge;
    // What was asked for too early, from somewhere else or beyond the end, is not wanted.
    this.#asked.splice(place + 1);
    this.#next = edge;
    this.#advance();
  }
}
