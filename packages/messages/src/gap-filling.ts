import { type ArchivePage, errorFieldOf } from "@larder/core";
import type { ArchiveGap, PlacedPoint } from "@larder/storage";
import type { ArchivePages } from "./archive-pages.js";
import { forwardEdge, isForgotten, pointOf } from "./archive-points.js";
import type { PagesAhead } from "./pages-ahead.js";

/** Pages that were asked for before they are needed. */
export interface Ahead {
  readonly after: string;
  readonly pages: PagesAhead;
}

/** Fills what is missing in an archive, the newest gap first, each from its beginning on. */
export class GapFilling {
  readonly #pages: ArchivePages;
  #ahead: Ahead | undefined;

  constructor(pages: ArchivePages, ahead: Ahead | undefined) {
    this.#pages = pages;
    this.#ahead = ahead;
  }

  /** @throws what a request failed with; what was read until then is kept, and the rest stays a gap */
  async run(): Promise<void> {
    const { store, account, archive } = this.#pages.context;
    for (const gap of await store.archives.gaps(account.id, archive)) {
      try {
        await this.#fill(gap);
      } catch (error) {
        await store.archives.gapFailed(gap.id, errorFieldOf(error));
        throw error;
      }
    }
  }

  async #fill(gap: ArchiveGap): Promise<void> {
    const { store } = this.#pages.context;
    const { first, rest, anchor } = await this.#startAt(gap.after);
    const after = await this.#pages.positionAt(anchor);
    const below = await this.#pages.positionOfMessage(gap.before);
    let reached = false;
    const onPage = async (page: ArchivePage, settled: boolean, position: number | undefined) => {
      reached ||= page.results.some(({ id }) => id === gap.before.id);
      // What stands after the gap has to stand after what filled it: read on until the order needs no more change.
      const isEnd = page.complete || page.results.length === 0 || (reached && settled);
      const last = pointOf(page.results.at(-1));
      if (reached && !settled) await this.#moveCursor(page, position);
      if (isEnd) await store.archives.removeGap(gap.id);
      else if (last) await store.archives.narrowGap(gap.id, { ...last, position });
      return !isEnd;
    };
    await this.#pages.keepForward(first, rest, after, "catchup", onPage, below);
  }

  /** Remembers the position of the newest message: what stands after a gap was moved on, and this page ends with it or soon after. */
  async #moveCursor(page: ArchivePage, position: number | undefined): Promise<void> {
    const { store, account, archive } = this.#pages.context;
    const cursor = await store.archives.cursor(account.id, archive);
    if (!cursor?.newest || !page.results.some(({ id }) => id === cursor.newest?.id)) return;
    const { newest } = cursor;
    await store.archives.setCursor(account.id, archive, { ...cursor, newest: { ...newest, position } });
  }

  /** The first page after a point, and those that follow it. */
  async #startAt(point: PlacedPoint): Promise<{ first: ArchivePage; rest: PagesAhead; anchor: PlacedPoint }> {
    const ahead = this.#ahead?.after === point.id ? this.#ahead?.pages : undefined;
    this.#ahead = undefined;
    const first = await ahead?.next().catch((error: unknown) => {
      if (!isForgotten(error)) throw error;
      return undefined; // it is asked for once more, and then by time
    });
    if (ahead && first) return { first, rest: ahead, anchor: point };
    const { page, anchor } = await this.#pages.afterPoint(point);
    return { first: page, rest: this.#pages.after({}, forwardEdge(page)), anchor };
  }
}
