import {
  type ArchivePage,
  type ArchiveQuery,
  type Envelope,
  hasErrorType,
  openArchived,
  queryArchive,
  type RsmRequest,
} from "@larder/core";
import type { PlacedPoint } from "@larder/storage";
import type { ArchiveContext } from "./archive-context.js";
import { backwardEdge, forwardEdge, isForgotten } from "./archive-points.js";
import { ArchiveRepeatsError } from "./archive-repeats-error.js";
import type { Batch } from "./batch.js";
import type { BatchOutcome } from "./intake.js";
import { PagesAhead } from "./pages-ahead.js";
import type { Order } from "./places.js";

type Query = Omit<ArchiveQuery, "archive" | "rsm">;

/** How far before the time of a forgotten id reading begins again: stamps and order of an archive may differ. */
const OVERLAP_MS = 600_000;

/** The database is not well: the same would fail again wherever it is tried. */
const isFailureOfStorage = (error: unknown): boolean =>
  hasErrorType(error) && (error.type === "storage" || error.type === "connection");

/** The place of a page in the history once it is kept. */
type PageOutcome = Pick<BatchOutcome, "first" | "last" | "settled">;

/** Called in the unit of work of a page, with the position of its end; false where no more pages are wanted. */
type OnPage = (page: ArchivePage, settled: boolean, end: number | undefined) => Promise<boolean>;

/** The pages of one archive: asked for, and kept with what they say of how far it was read. */
export class ArchivePages {
  readonly context: ArchiveContext;
  #received = 0;

  constructor(context: ArchiveContext) {
    this.context = context;
  }

  /** How many of the messages that were kept were not here before. */
  get received(): number {
    return this.#received;
  }

  async ask(query: Query, rsm: RsmRequest, onFirst?: (id: string) => void): Promise<ArchivePage> {
    const { account, archive, size } = this.context;
    const began = performance.now();
    const page = await queryArchive(
      account.requester,
      { archive, ...query, rsm: { max: size.next, ...rsm } },
      onFirst,
    );
    size.took(performance.now() - began, page.results.length);
    return page;
  }

  /** The pages after an id, as far as they go. */
  after(query: Query, from: string | undefined): PagesAhead {
    const ask = (after: string) => this.ask(query, { after });
    return new PagesAhead({ ask, edgeOf: forwardEdge, endOf: ({ results }) => results.at(-1)?.id }, from);
  }

  /** Pages back: of each the oldest message comes first, which is where the next begins. */
  before(from: string | undefined, query: Query = {}): PagesAhead {
    const { size } = this.context;
    const ask = (before: string, onEdge: (id: string) => void) =>
      this.ask(query, { before }, size.isLarge ? onEdge : undefined);
    return new PagesAhead({ ask, edgeOf: backwardEdge, endOf: ({ results }) => results[0]?.id }, from);
  }

  /**
   * A page after a point, and after what it stands in the history; by time, with overlap, where the server has forgotten the
   * id or none is known.
   *
   * @throws {ArchiveRepeatsError} what comes after the point ends with the point
   */
  async afterPoint(point: PlacedPoint): Promise<{ page: ArchivePage; anchor: PlacedPoint }> {
    if (point.id !== undefined) {
      try {
        const page = await this.ask({}, { after: point.id });
        if (page.results.at(-1)?.id === point.id) throw new ArchiveRepeatsError(point.id);
        return { page, anchor: point };
      } catch (error) {
        if (!isForgotten(error)) throw error;
      }
    }
    if (!point.time) return { page: await this.ask({}, {}), anchor: {} };
    const start = point.time.getTime() - OVERLAP_MS;
    return { page: await this.ask({ start: new Date(start) }, {}), anchor: { time: new Date(start - 1) } };
  }

  /** The position of a point in the order of history: what comes after it stands after this. */
  positionAt(point: PlacedPoint): Promise<number | undefined> {
    const { store, account, archive } = this.context;
    return store.messages.archivePosition(account.id, archive, point, "until");
  }

  /** The position of the message at a point, or else the one that was remembered with the point. */
  positionOfMessage({ id, position }: PlacedPoint): Promise<number | undefined> {
    const { store, account, archive } = this.context;
    return store.messages.archivePosition(account.id, archive, { id, position }, "since");
  }

  /**
   * Keeps pages going forward, as they come.
   *
   * @param below the position of what stands after the gap that they fill
   */
  async keepForward(
    first: ArchivePage,
    rest: PagesAhead,
    position: number | undefined,
    origin: Batch["origin"],
    onPage: OnPage,
    below?: number,
  ): Promise<void> {
    let after = position;
    for (let page: ArchivePage | undefined = first; page; page = await rest.next()) {
      const current: ArchivePage = page;
      let more = true;
      const start = after;
      const outcome = await this.keep(
        current,
        { after, below },
        origin,
        async ({ settled, last = start }) => {
          more = await onPage(current, settled, last);
        },
      );
      after = outcome.last ?? after;
      if (!more) return;
    }
  }

  /** Keeps a page with what it says of the cursor, in one unit of work; in parts where something of it cannot be kept. */
  async keep(
    page: ArchivePage,
    order: Order,
    origin: Batch["origin"],
    move: (kept: PageOutcome) => Promise<void>,
  ): Promise<{ first?: number; last?: number }> {
    const { store, archive, envelopes } = this.context;
    const opened = page.results.flatMap((result) => openArchived(archive, result, envelopes) ?? []);
    const outcome = await store.database
      .write(async () => {
        const taken = await this.#take(opened, order, origin);
        await move(taken);
        return taken;
      })
      .catch(async (error: unknown) => {
        if (isFailureOfStorage(error)) throw error;
        const taken = await this.#keepInParts(opened, order, origin);
        await store.database.write(() => move(taken));
        return taken;
      });
    this.#received += outcome.received;
    return outcome;
  }

  #take(envelopes: readonly Envelope[], order: Order, origin: Batch["origin"]): Promise<BatchOutcome> {
    const { intake, account, newsSince } = this.context;
    return intake.takeAll(account, envelopes, { origin, order, newsSince });
  }

  /** One message after the other: what cannot be kept is left out, told and counted, and the reading goes on. */
  async #keepInParts(
    envelopes: readonly Envelope[],
    order: Order,
    origin: Batch["origin"],
  ): Promise<Pick<BatchOutcome, "received" | "first" | "last" | "settled">> {
    const backward = "before" in order;
    let reached = order;
    let ends: Pick<BatchOutcome, "first" | "last"> = {};
    let received = 0;
    for (const envelope of backward ? envelopes.toReversed() : envelopes) {
      try {
        const taken = await this.#take([envelope], reached, origin);
        received += taken.received;
        const { first = ends.first, last = ends.last } = taken;
        ends = {
          first: backward ? first : (ends.first ?? first),
          last: backward ? (ends.last ?? last) : last,
        };
        reached = backward
          ? { ...order, before: first ?? order.before }
          : { ...order, after: last ?? order.after };
      } catch (error) {
        if (isFailureOfStorage(error)) throw error;
        this.context.onDropped(error);
      }
    }
    return { received, ...ends, settled: false };
  }
}
