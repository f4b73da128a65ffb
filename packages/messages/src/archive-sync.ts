import {
  type ArchivePage,
  type ArchiveQuery,
  type Envelope,
  type EnvelopeOptions,
  errorFieldOf,
  Lanes,
  openArchived,
  queryArchive,
  type RsmRequest,
} from "@larder/core";
import type { ArchiveCursor, ArchiveGap, ArchivePoint, Store } from "@larder/storage";
import type { ConnectedAccount } from "./account.js";
import type { ArchiveContext } from "./archive-context.js";
import { backwardEdge, forwardEdge, isForgotten, pointOf, wholeSecond } from "./archive-points.js";
import type { Batch } from "./batch.js";
import type { MessageIntake } from "./intake.js";
import { FIRST_PAGE, PageSize } from "./page-size.js";
import { PagesAhead } from "./pages-ahead.js";
import type { Order } from "./places.js";

export interface ArchiveSyncOptions {
  /** How far back a first reading goes, in days. Default 90. */
  readonly days?: number;
  /** What an account believes of whom, for the envelopes of an archive's messages. */
  readonly envelopes: (account: ConnectedAccount) => EnvelopeOptions;
  /**
   * Since when an account is here, or in a room: what was said in that archive since then is told one by one, also where it is
   * read for the first time. Default: a first reading is told by progress alone.
   */
  readonly since?: (account: ConnectedAccount, archive: string) => Date | undefined;
}

export interface SyncOutcome {
  /** Messages that were not here before. */
  readonly received: number;
  /** Nothing is known to be missing between the wanted beginning and now. */
  readonly complete: boolean;
}

/** How far before the time of a forgotten id reading begins again: stamps and order of an archive may differ. */
const OVERLAP_MS = 600_000;
const DAY_MS = 86_400_000;

type Query = Omit<ArchiveQuery, "archive" | "rsm">;

/** By how much a server's clock may be behind ours. */
const CLOCKS_DIFFER_MS = 600_000;

/**
 * Reads archives (XEP-0313) so that nothing stays missing unnoticed: from the last id that was committed on, each page
 * with its messages in one commit; what is skipped to have the newest first is a gap, which is data until it is filled.
 * A live message never moves the cursor.
 */
export class ArchiveSync {
  readonly #store: Store;
  readonly #intake: MessageIntake;
  readonly #options: ArchiveSyncOptions;
  readonly #lanes = new Lanes();
  readonly #sizes = new Map<string, PageSize>();

  constructor(store: Store, intake: MessageIntake, options: ArchiveSyncOptions) {
    this.#store = store;
    this.#intake = intake;
    this.#options = options;
  }

  /**
   * Reads what is new in an archive and fills its gaps; the first time back as far as the setting says. Calls for one
   * account run one after the other.
   *
   * @param options.since how far back it has to be complete, where that is further than the setting
   * @throws {StanzaError} the archive refused; what was read until then is kept
   * @throws {ConnectionError} the session ended; the next call goes on from there
   */
  catchUp(
    account: ConnectedAccount,
    archive: string,
    options: { readonly since?: Date } = {},
  ): Promise<SyncOutcome> {
    return this.#lanes.run(String(account.id), () =>
      new Reading(this.#context(account, archive), options.since).run(),
    );
  }

  /**
   * Reads what is new up to now and nothing more: what it skips stays a gap for {@link catchUp}.
   */
  present(account: ConnectedAccount, archive: string): Promise<SyncOutcome> {
    return this.#lanes.run(String(account.id), () => new Reading(this.#context(account, archive)).present());
  }

  /** Reads one conversation of the account's archive from an instant on; cursor and gaps stay as they are. */
  conversation(account: ConnectedAccount, conversation: string, since: Date): Promise<SyncOutcome> {
    return this.#lanes.run(String(account.id), () =>
      new Reading(this.#context(account, account.jid)).conversation(conversation, since),
    );
  }

  #context(account: ConnectedAccount, archive: string): ArchiveContext {
    const key = JSON.stringify([account.id, archive]);
    const size = this.#sizes.get(key) ?? new PageSize();
    this.#sizes.set(key, size);
    return {
      store: this.#store,
      intake: this.#intake,
      account,
      archive,
      size,
      envelopes: this.#options.envelopes(account),
      newsSince: wholeSecond(this.#options.since?.(account, archive)),
      limit: new Date(Date.now() - (this.#options.days ?? 90) * DAY_MS),
    };
  }
}

/** One reading of one archive. */
class Reading {
  readonly #context: ArchiveContext;
  readonly #since: Date | undefined;
  #received = 0;
  /** Receipts and markers of the page that was kept last, going back, whose messages are expected in the next. */
  #unmatched: readonly Envelope[] = [];
  /** Pages that were asked for before they are needed. */
  #ahead: { readonly after: string; readonly pages: PagesAhead } | undefined;

  constructor(context: ArchiveContext, since?: Date) {
    this.#context = context;
    this.#since = since;
  }

  async run(): Promise<SyncOutcome> {
    await this.present();
    await this.#fillGaps();
    await this.#backFill();
    return this.#outcome();
  }

  async present(): Promise<SyncOutcome> {
    const { store, account, archive } = this.#context;
    const cursor = await store.archives.cursor(account.id, archive);
    if (cursor) await this.#forward(cursor);
    else await this.#first();
    return this.#outcome();
  }

  async conversation(conversation: string, since: Date): Promise<SyncOutcome> {
    const query = { with: conversation, start: since };
    const first = await this.#ask(query, {});
    const rest = this.#pagesAfter(query, forwardEdge(first));
    await this.#keepForward(first, rest, undefined, undefined, async () => true);
    return { received: this.#received, complete: true };
  }

  async #outcome(): Promise<SyncOutcome> {
    const { store, account, archive } = this.#context;
    const cursor = await store.archives.cursor(account.id, archive);
    const gaps = await store.archives.gaps(account.id, archive);
    return { received: this.#received, complete: gaps.length === 0 && this.#reaches(cursor) };
  }

  #wanted(): Date {
    const { limit } = this.#context;
    return this.#since !== undefined && this.#since < limit ? this.#since : limit;
  }

  #reaches(cursor: ArchiveCursor | undefined): boolean {
    if (!cursor) return false;
    return cursor.startReached || (cursor.oldest?.time !== undefined && cursor.oldest.time <= this.#wanted());
  }

  /** Nothing was read yet: the newest page, from which the rest is read backwards. */
  async #first(): Promise<void> {
    // Of an empty archive nothing else is known. What comes while it is asked must not fall before that, nor what comes
    // in the same second, or by a server's clock that is behind ours: whatever is in it then is new.
    const empty = { time: new Date(Date.now() - CLOCKS_DIFFER_MS) };
    const page = await this.#ask({}, { before: "" });
    await this.#commit(page, { before: undefined }, undefined, async () => {
      const { store, account, archive } = this.#context;
      await store.archives.setCursor(account.id, archive, {
        newest: pointOf(page.results.at(-1)) ?? empty,
        oldest: pointOf(page.results[0]),
        startReached: page.complete || page.results.length === 0,
        caughtUpAt: new Date(),
      });
    });
  }

  /**
   * From the last committed id to now. Where more than a page is missing, the newest page comes first, and what is
   * between is a gap.
   */
  async #forward(cursor: ArchiveCursor): Promise<void> {
    const { store, account, archive } = this.#context;
    const newest = cursor.newest ?? { time: cursor.caughtUpAt };
    const { page, anchor } = await this.#after(newest);
    const caughtUp = (at: ArchivePoint | undefined, done: boolean) =>
      store.archives.setCursor(account.id, archive, {
        ...cursor,
        newest: at ?? newest,
        caughtUpAt: done ? new Date() : cursor.caughtUpAt,
      });
    const isEnd = page.complete || page.results.length === 0;
    const last = pointOf(page.results.at(-1));
    if (isEnd) {
      await this.#commit(page, { after: await this.#positionAt(anchor) }, "catchup", () =>
        caughtUp(last, true),
      );
      return;
    }
    const newestPage = this.#ask({}, { before: "", max: FIRST_PAGE });
    const { last: lastId = last?.id } = page.rsm;
    // Asked for together: while these pages are kept, the archive is at work on the one that the gap begins with.
    if (lastId !== undefined) this.#ahead = { after: lastId, pages: this.#pagesAfter({}, lastId) };
    const latest = await newestPage;
    const first = pointOf(latest.results[0]) ?? {};
    const order = { after: await this.#positionAt(anchor) };
    await this.#commit(page, order, "catchup", async () => {
      await caughtUp(last, false);
    });
    await this.#commit(latest, { before: undefined }, "catchup", async () => {
      await store.archives.addGap(account.id, archive, { after: last ?? newest, before: first });
      await caughtUp(pointOf(latest.results.at(-1)), true);
    });
  }

  /**
   * A page after a point, and after what it stands in the history; by time, with overlap, where the server has forgotten the
   * id or none is known.
   */
  async #after(point: ArchivePoint): Promise<{ page: ArchivePage; anchor: ArchivePoint }> {
    if (point.id !== undefined) {
      try {
        return { page: await this.#ask({}, { after: point.id }), anchor: point };
      } catch (error) {
        if (!isForgotten(error)) throw error;
      }
    }
    if (!point.time) return { page: await this.#ask({}, {}), anchor: {} };
    const start = point.time.getTime() - OVERLAP_MS;
    return { page: await this.#ask({ start: new Date(start) }, {}), anchor: { time: new Date(start - 1) } };
  }

  async #fillGaps(): Promise<void> {
    const { store, account, archive } = this.#context;
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
    const { store } = this.#context;
    const { first, rest, anchor } = await this.#startAt(gap.after);
    const after = await this.#positionAt(anchor);
    let reached = false;
    await this.#keepForward(first, rest, after, "catchup", async (page, settled) => {
      reached ||= page.results.some(({ id }) => id === gap.before.id);
      // What stands after the gap has to stand after what filled it: read on until the order needs no more change.
      const isEnd = page.complete || page.results.length === 0 || (reached && settled);
      const last = pointOf(page.results.at(-1));
      if (isEnd) await store.archives.removeGap(gap.id);
      else if (last) await store.archives.narrowGap(gap.id, last);
      return !isEnd;
    });
  }

  /** The first page after a point, and those that follow it. */
  async #startAt(
    point: ArchivePoint,
  ): Promise<{ first: ArchivePage; rest: PagesAhead; anchor: ArchivePoint }> {
    const ahead = this.#ahead?.after === point.id ? this.#ahead?.pages : undefined;
    this.#ahead = undefined;
    const first = await ahead?.next().catch((error: unknown) => {
      if (!isForgotten(error)) throw error;
      return undefined; // it is asked for once more, and then by time
    });
    if (ahead && first) return { first, rest: ahead, anchor: point };
    const { page, anchor } = await this.#after(point);
    return { first: page, rest: this.#pagesAfter({}, forwardEdge(page)), anchor };
  }

  /** Further back than what was read, as far as is wanted. */
  async #backFill(): Promise<void> {
    const { store, account, archive } = this.#context;
    let cursor = await store.archives.cursor(account.id, archive);
    let before =
      cursor?.oldest && (await store.messages.archivePosition(account.id, archive, cursor.oldest, "since"));
    if (!cursor || this.#reaches(cursor)) return;
    const pages = this.#pagesBefore(cursor.oldest?.id);
    while (cursor && !this.#reaches(cursor)) {
      const current: ArchiveCursor = cursor;
      const page = await pages.next().catch((error: unknown): ArchivePage => {
        if (!isForgotten(error)) throw error;
        return { results: [], rsm: {}, complete: true }; // what was older than the oldest here has expired, and that too
      });
      if (!page) return;
      const moved: ArchiveCursor = {
        ...current,
        oldest: pointOf(page.results[0]) ?? current.oldest,
        startReached: page.complete || page.results.length === 0,
      };
      const outcome = await this.#commit(page, { before }, undefined, () =>
        store.archives.setCursor(account.id, archive, moved),
      );
      before = outcome.first ?? before;
      cursor = moved;
    }
  }

  /**
   * Keeps pages going forward, as they come.
   *
   * @param onPage called in the unit of work of each page, with whether its order was right already; says whether to go on
   */
  async #keepForward(
    first: ArchivePage,
    rest: PagesAhead,
    position: number | undefined,
    origin: Batch["origin"],
    onPage: (page: ArchivePage, settled: boolean) => Promise<boolean>,
  ): Promise<void> {
    let after = position;
    for (let page: ArchivePage | undefined = first; page; page = await rest.next()) {
      const current: ArchivePage = page;
      let more = true;
      const outcome = await this.#commit(current, { after }, origin, async (_, settled) => {
        more = await onPage(current, settled);
      });
      after = outcome.last ?? after;
      if (!more) return;
    }
  }

  #pagesAfter(query: Query, from: string | undefined): PagesAhead {
    const ask = (after: string) => this.#ask(query, { after });
    return new PagesAhead({ ask, edgeOf: forwardEdge }, from);
  }

  /** Pages back: of each the oldest message comes first, which is where the next begins. */
  #pagesBefore(from: string | undefined): PagesAhead {
    const { size } = this.#context;
    const ask = (before: string, onEdge: (id: string) => void) =>
      this.#ask({}, { before }, size.isLarge ? onEdge : undefined);
    return new PagesAhead({ ask, edgeOf: backwardEdge }, from);
  }

  async #ask(query: Query, rsm: RsmRequest, onFirst?: (id: string) => void): Promise<ArchivePage> {
    const { account, archive, size } = this.#context;
    const began = performance.now();
    const page = await queryArchive(
      account.requester,
      { archive, ...query, rsm: { max: size.next, ...rsm } },
      onFirst,
    );
    size.took(performance.now() - began, page.results.length);
    return page;
  }

  /** Keeps a page with what it says of the cursor, in one unit of work. */
  async #commit(
    page: ArchivePage,
    order: Order,
    origin: Batch["origin"],
    move: (page: ArchivePage, settled: boolean) => Promise<void>,
  ): Promise<{ first?: number; last?: number }> {
    const { store, intake, account, archive, envelopes, newsSince } = this.#context;
    const opened = page.results.flatMap((result) => openArchived(archive, result, envelopes) ?? []);
    const before = "before" in order ? this.#unmatched : [];
    let unmatched: Envelope[] = [];
    const onUnmatched = (envelope: Envelope) => {
      if (!before.includes(envelope)) unmatched.push(envelope); // none is looked for in a second page
    };
    const outcome = await store.database.write(async () => {
      unmatched = []; // a unit may run twice
      const batch = { origin, order, newsSince, onUnmatched };
      const taken = await intake.takeAll(account, [...opened, ...before], batch);
      await move(page, taken.settled);
      return taken;
    });
    this.#unmatched = unmatched;
    this.#received += outcome.received;
    return outcome;
  }

  #positionAt(point: ArchivePoint): Promise<number | undefined> {
    const { store, account, archive } = this.#context;
    return store.messages.archivePosition(account.id, archive, point, "until");
  }
}
