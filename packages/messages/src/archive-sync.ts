import { type ArchivePage, type EnvelopeOptions, Lanes, StanzaError } from "@larder/core";
import type { ArchiveCursor, ArchivePoint, Store } from "@larder/storage";
import type { ConnectedAccount } from "./account.js";
import type { ArchiveContext } from "./archive-context.js";
import { ArchivePages } from "./archive-pages.js";
import { forwardEdge, isForgotten, pointOf, wholeSecond } from "./archive-points.js";
import { type Ahead, GapFilling } from "./gap-filling.js";
import type { MessageIntake } from "./intake.js";
import { FIRST_PAGE, PageSize } from "./page-size.js";

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
  /** Told of each message of an archive that the history cannot take; the rest of its page is kept. */
  readonly onDropped?: (account: ConnectedAccount, archive: string, error: unknown) => void;
}

export interface SyncOutcome {
  /** Messages that were not here before. */
  readonly received: number;
  /** Nothing is known to be missing between the wanted beginning and now. */
  readonly complete: boolean;
}

const DAY_MS = 86_400_000;

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
   * @throws {ArchiveRepeatsError} the archive gives the same again and again; what is missing stays known as a gap
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
      onDropped: (error) => this.#options.onDropped?.(account, archive, error),
      newsSince: wholeSecond(this.#options.since?.(account, archive)),
      limit: new Date(Date.now() - (this.#options.days ?? 90) * DAY_MS),
    };
  }
}

/**
 * How much later than its stamp says a message may turn up in an archive. ejabberd stamps it when it is routed and files it when
 * the recipient's session has got to it, a second or two later where that is busy; what is newer may have been read then.
 */
const FILED_LATE_MS = 30_000;

/** One reading of one archive. */
class Reading {
  readonly #pages: ArchivePages;
  readonly #context: ArchiveContext;
  readonly #since: Date | undefined;
  /** The pages that a gap begins with, asked for before it was known. */
  #ahead: Ahead | undefined;

  constructor(context: ArchiveContext, since?: Date) {
    this.#pages = new ArchivePages(context);
    this.#context = context;
    this.#since = since;
  }

  async run(): Promise<SyncOutcome> {
    await this.present();
    await new GapFilling(this.#pages, this.#ahead).run();
    await this.#backFill();
    const outcome = await this.#outcome();
    const { store, account, archive } = this.#context;
    if (outcome.complete)
      await store.confirmations.forget(account.id, archive === account.jid ? undefined : archive);
    return outcome;
  }

  async present(): Promise<SyncOutcome> {
    const { store, account, archive } = this.#context;
    const cursor = await store.archives.cursor(account.id, archive);
    if (cursor) {
      await this.#lookBack(cursor); // first: once the cursor has moved, nobody would look there again
      await this.#forward(cursor);
    } else await this.#first();
    return this.#outcome();
  }

  async conversation(conversation: string, since: Date): Promise<SyncOutcome> {
    const query = { with: conversation, start: since };
    const first = await this.#pages.ask(query, {});
    const rest = this.#pages.after(query, forwardEdge(first));
    await this.#pages.keepForward(first, rest, undefined, undefined, async () => true);
    return { received: this.#pages.received, complete: true };
  }

  async #outcome(): Promise<SyncOutcome> {
    const { store, account, archive } = this.#context;
    const cursor = await store.archives.cursor(account.id, archive);
    const gaps = await store.archives.gaps(account.id, archive);
    return { received: this.#pages.received, complete: gaps.length === 0 && this.#reaches(cursor) };
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
    const page = await this.#pages.ask({}, { before: "" });
    await this.#pages.keep(page, { before: undefined }, undefined, async ({ last: position }) => {
      const { store, account, archive } = this.#context;
      const newest = pointOf(page.results.at(-1));
      await store.archives.setCursor(account.id, archive, {
        newest: newest ? { ...newest, position } : empty,
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
    const { page, anchor } = await this.#pages.afterPoint(newest);
    const caughtUp = (at: ArchivePoint | undefined, position: number | undefined, done: boolean) =>
      store.archives.setCursor(account.id, archive, {
        ...cursor,
        newest: at ? { ...at, position } : newest,
        caughtUpAt: done ? new Date() : cursor.caughtUpAt,
      });
    const isEnd = page.complete || page.results.length === 0;
    const last = pointOf(page.results.at(-1));
    if (isEnd) {
      const after = await this.#pages.positionAt(anchor);
      await this.#pages.keep(page, { after }, "catchup", (kept) => caughtUp(last, kept.last ?? after, true));
      return;
    }
    const newestPage = this.#pages.ask({}, { before: "", max: FIRST_PAGE });
    const { last: lastId = last?.id } = page.rsm;
    // Asked for together: while these pages are kept, the archive is at work on the one that the gap begins with.
    if (lastId !== undefined) this.#ahead = { after: lastId, pages: this.#pages.after({}, lastId) };
    const latest = await newestPage;
    const order = { after: await this.#pages.positionAt(anchor) };
    const first = await this.#pages.keep(page, order, "catchup", (kept) =>
      caughtUp(last, kept.last ?? order.after, false),
    );
    const above = first.last ?? order.after;
    const end = pointOf(latest.results.at(-1));
    const overlap = latest.results.findIndex(({ id }) => id === last?.id);
    if (overlap >= 0) {
      const rest = { ...latest, results: latest.results.slice(overlap + 1) };
      await this.#pages.keep(rest, { after: above }, "catchup", (kept) =>
        caughtUp(end, kept.last ?? above, true),
      );
      return;
    }
    await this.#pages.keep(latest, { before: undefined, above }, "catchup", async (kept) => {
      const after = last ? { ...last, position: above } : newest;
      const before = { ...pointOf(latest.results[0]), position: kept.first };
      await store.archives.addGap(account.id, archive, { after, before });
      await caughtUp(end, kept.last, true);
    });
  }

  /** What was filed before the cursor, but only after it had been read. */
  async #lookBack({ newest, oldest, startReached, caughtUpAt }: ArchiveCursor): Promise<void> {
    if (newest?.id === undefined || newest.time === undefined) return;
    const read = newest.time.getTime();
    if (caughtUpAt !== undefined && caughtUpAt.getTime() - read > CLOCKS_DIFFER_MS) return;
    const start = new Date(read - FILED_LATE_MS);
    // What a first reading has not come to yet is no news.
    const wasRead = startReached || (oldest?.time !== undefined && oldest.time < start);
    const pages = this.#pages.before(newest.id, { start });
    let before = await this.#pages.positionAt(newest);
    for (;;) {
      const page = await pages.next().catch((error: unknown) => {
        if (!(error instanceof StanzaError)) throw error;
        return undefined; // a forgotten id is read on from by time, with more overlap; else the archive will not be asked so
      });
      if (!page) return;
      const { first } = await this.#pages.keep(
        page,
        { before },
        wasRead ? "catchup" : undefined,
        async () => {},
      );
      before = first ?? before;
      const stamp = page.results[0]?.stamp;
      if (stamp && stamp < start) return; // a server that knows no beginning would give all of the archive
    }
  }

  /** Further back than what was read, as far as is wanted. */
  async #backFill(): Promise<void> {
    const { store, account, archive } = this.#context;
    let cursor = await store.archives.cursor(account.id, archive);
    let before =
      cursor?.oldest && (await store.messages.archivePosition(account.id, archive, cursor.oldest, "since"));
    if (!cursor || this.#reaches(cursor)) return;
    const pages = this.#pages.before(cursor.oldest?.id);
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
      const outcome = await this.#pages.keep(page, { before }, undefined, () =>
        store.archives.setCursor(account.id, archive, moved),
      );
      before = outcome.first ?? before;
      cursor = moved;
    }
  }
}
