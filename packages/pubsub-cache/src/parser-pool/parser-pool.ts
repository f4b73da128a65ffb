import { availableParallelism } from "node:os";
import { textOf } from "@larder/storage";
import type { PreparedItem, StoredText } from "@larder/storage/prepare";
import type { Piscina } from "piscina";
import { type AttemptResult, attempt } from "./attempt.js";
import { InlineParsers } from "./inline-parsers.js";
import { Limiter } from "./limiter.js";
import { prepareText } from "./parse-item.js";
import { LOADING } from "./progress.js";
import type { ParseOutcome, ParseRequest, ParserModule, WorkerModule } from "./protocol.js";
import { Strikes, type SuspendedParser } from "./strikes.js";
import { Threads } from "./threads.js";

/** Where the pool says what a person should know; a pino logger fits. */
export interface ParserPoolLog {
  warn(fields: object, message: string): void;
}

export interface ParserPoolOptions {
  /** Most threads at work; default one less than there are processors, 1 or 2. */
  readonly maxThreads?: number;
  /** For one item, in milliseconds, where the parser does not say otherwise; default 2000. */
  readonly timeoutMs?: number;
  /** Most memory of a thread's heap, in MiB; default 128. Buffers are outside it, see `growthMb`. */
  readonly memoryMb?: number;
  /** By how much the whole program may grow while a batch is parsed, in MiB; default 512. */
  readonly growthMb?: number;
  /** Most items that a thread gets at once; default 50. Less costs messages, more costs work where a thread is lost. */
  readonly batchSize?: number;
  /** Most JSON for one item, in bytes; default 1 MiB. */
  readonly maxResultBytes?: number;
  /** How many threads a parser may bring down within `strikePeriodMs` before it is suspended; default 10. */
  readonly maxStrikes?: number;
  /** In milliseconds; default 10 minutes. */
  readonly strikePeriodMs?: number;
  /** Up to what size of an item, in UTF-16 code units, an inline parser runs in the main thread; default 16 KiB. */
  readonly inlineBytes?: number;
  /** How long an idle thread is kept, in milliseconds; default 60_000. */
  readonly idleMs?: number;
  readonly log?: ParserPoolLog;
}

/** Counts since the start, and the present state. */
export interface ParserPoolStats {
  readonly threads: number;
  /** Batches that wait for a thread. */
  readonly waiting: number;
  readonly parsed: number;
  readonly failed: number;
  readonly lostWorkers: number;
  readonly suspended: readonly SuspendedParser[];
}

/** The pool was closed before the work was done. */
export class ParserPoolClosedError extends Error {
  override readonly name = "ParserPoolClosedError";
  constructor() {
    super("the parser pool is closed");
  }
}

/**
 * Runs parsers in worker threads, so that none of them can hold up or bring down the program. A parser that throws
 * costs its item; one that hangs, takes too much memory or exits costs its thread and the item it was at, and the
 * others of the batch are parsed by another thread.
 *
 * Every parser has threads of its own. None is started before there is work; idle ones end.
 */
export class ParserPool implements AsyncDisposable {
  readonly #options: Required<Omit<ParserPoolOptions, "log" | "maxStrikes" | "strikePeriodMs">>;
  readonly #log: ParserPoolLog | undefined;
  readonly #strikes: Strikes;
  readonly #limiter: Limiter;
  readonly #shutdown = new AbortController();
  readonly #active = new Set<Promise<unknown>>();
  readonly #threads: Threads;
  readonly #inline: InlineParsers;
  #closing: Promise<void> | undefined;
  #parsed = 0;
  #failed = 0;
  #lostWorkers = 0;

  constructor(options: ParserPoolOptions = {}) {
    this.#options = {
      maxThreads: options.maxThreads ?? Math.max(1, Math.min(2, availableParallelism() - 1)),
      timeoutMs: options.timeoutMs ?? 2000,
      memoryMb: options.memoryMb ?? 128,
      growthMb: options.growthMb ?? 512,
      batchSize: options.batchSize ?? 50,
      maxResultBytes: options.maxResultBytes ?? 1024 * 1024,
      inlineBytes: options.inlineBytes ?? 16 * 1024,
      idleMs: options.idleMs ?? 60_000,
    };
    this.#log = options.log;
    this.#strikes = new Strikes(options.maxStrikes ?? 10, options.strikePeriodMs ?? 600_000);
    this.#limiter = new Limiter(this.#options.maxThreads);
    this.#threads = new Threads(this.#options, (error) =>
      this.#log?.warn({ err: error }, "an idle parser thread failed"),
    );
    this.#inline = new InlineParsers(this.#options.maxResultBytes);
  }

  get stats(): ParserPoolStats {
    return {
      threads: this.#threads.count,
      waiting: this.#limiter.waiting,
      parsed: this.#parsed,
      failed: this.#failed,
      lostWorkers: this.#lostWorkers,
      suspended: this.#strikes.suspended,
    };
  }

  /**
   * Parses items.
   *
   * @returns one outcome for each item, in the same order; failing is an outcome too
   * @throws the signal's reason when it is aborted
   * @throws {ParserPoolClosedError} the pool is closed, or was before the end
   */
  async parse(
    parser: ParserModule,
    batch: readonly ParseRequest[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ParseOutcome[]> {
    return (await this.parseForStorage(parser, batch, options)).map(withStrings);
  }

  /** As {@link parse}, with texts as they come from the threads: the database takes them so. */
  async parseForStorage(
    parser: ParserModule,
    batch: readonly ParseRequest[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ParseOutcome<StoredText>[]> {
    const outcomes = await this.#track(options.signal, () => this.#parse(parser, batch, options.signal));
    for (const { ok } of outcomes) {
      if (ok) this.#parsed++;
      else this.#failed++;
    }
    return outcomes;
  }

  /**
   * Makes items that nobody parses ready for searches, in a thread where that is worth its way.
   *
   * @returns in the same order; undefined for an item that cost its thread
   * @throws {ParserPoolClosedError} the pool is closed, or was before the end
   */
  async prepare(batch: readonly { readonly xml: string }[]): Promise<(PreparedItem | undefined)[]> {
    const length = batch.reduce((sum, { xml }) => sum + xml.length, 0);
    if (length <= this.#options.inlineBytes) return batch.map(({ xml }) => prepareText(xml));
    const items = batch.map(({ xml }) => ({ xml, service: "", node: "" }));
    const outcomes = await this.#track(undefined, () => this.#inThreads(NOTHING_TO_PARSE, items, undefined));
    return outcomes.map((outcome) => withStrings(outcome).prepared);
  }

  async #track<T>(signal: AbortSignal | undefined, start: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new ParserPoolClosedError();
    signal?.throwIfAborted();
    const work = start();
    const settled = work.then(
      () => {},
      () => {},
    );
    this.#active.add(settled);
    void settled.then(() => this.#active.delete(settled));
    return work;
  }

  /**
   * Takes no more work, lets what was taken end, and ends all threads.
   *
   * @param options.graceMs how long the work may take; what is not done then fails. Default 3000
   */
  close(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing ??= (async () => {
      const { promise: late, cancel } = delay(options.graceMs ?? 3000);
      await Promise.race([Promise.all(this.#active), late]);
      cancel();
      this.#shutdown.abort(new ParserPoolClosedError());
      await Promise.all(this.#active);
      await this.#threads.destroy();
    })();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Small items of an inline parser here, all others in threads; an item's size is for its publisher to choose. */
  async #parse(
    parser: ParserModule,
    batch: readonly ParseRequest[],
    signal: AbortSignal | undefined,
  ): Promise<ParseOutcome<StoredText>[]> {
    const isSmall = ({ xml }: ParseRequest) =>
      parser.inline === true && xml.length <= this.#options.inlineBytes;
    const here = await this.#inline.parse(parser, batch.filter(isSmall));
    const there = await this.#inThreads(
      parser,
      batch.filter((item) => !isSmall(item)),
      signal,
    );
    if (there.length === 0) return here;
    if (here.length === 0) return there;
    const [ofHere, ofThere] = [here.values(), there.values()];
    return batch.flatMap((item) => (isSmall(item) ? ofHere : ofThere).next().value ?? []);
  }

  async #inThreads(
    parser: WorkerModule,
    batch: readonly ParseRequest[],
    signal: AbortSignal | undefined,
  ): Promise<ParseOutcome<StoredText>[]> {
    // One controller for the caller's signal and ours; when one part fails the others need not go on.
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal?.aborted ? signal.reason : this.#shutdown.signal.reason);
    const sources = [this.#shutdown.signal, ...(signal ? [signal] : [])];
    for (const source of sources) source.addEventListener("abort", onAbort, { once: true });
    try {
      const parts: Promise<ParseOutcome<StoredText>[]>[] = [];
      for (let start = 0; start < batch.length; start += this.#options.batchSize)
        parts.push(this.#solve(parser, batch.slice(start, start + this.#options.batchSize), stop.signal));
      return (await unlessAborted(Promise.all(parts), stop.signal)).flat();
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      for (const source of sources) source.removeEventListener("abort", onAbort);
    }
  }

  /** Parses what one worker can take at once; where the worker is lost, the rest is given to others. */
  async #solve(
    parser: WorkerModule,
    items: readonly ParseRequest[],
    signal: AbortSignal,
  ): Promise<ParseOutcome<StoredText>[]> {
    if (items.length === 0) return [];
    const result = await this.#limiter.run(async () => {
      const until = this.#strikes.suspendedUntil(parser); // asked when it is our turn: others may have struck
      return until ? suspended(until) : this.#attempt(this.#threads.of(parser), parser, items, signal);
    });
    if ("ok" in result) return items.map(() => result);
    if (result.kind === "done") return [...result.outcomes];
    this.#lost(parser, result.reason);
    const failed = { ok: false, error: result.reason } as const;
    if (result.index === LOADING) return items.map(() => failed);
    const before = items.slice(0, result.index);
    const culprit = items.slice(result.index, result.index + 1);
    const after = items.slice(result.index + 1);
    return [
      ...(await this.#solve(parser, before, signal)),
      ...(result.certain ? [failed] : await this.#confirm(parser, culprit, signal)),
      ...(await this.#solve(parser, after, signal)),
    ];
  }

  /** Whether an item is to blame for a lost worker shows in a thread that nothing else has been in. */
  async #confirm(
    parser: WorkerModule,
    suspects: readonly ParseRequest[],
    signal: AbortSignal,
  ): Promise<ParseOutcome<StoredText>[]> {
    return this.#limiter.run(async () => {
      const fresh = this.#threads.fresh();
      try {
        const result = await this.#attempt(fresh, parser, suspects, signal);
        if (result.kind === "done") return [...result.outcomes];
        this.#lostWorkers++; // but no strike: the item has cost one already
        return suspects.map(() => ({ ok: false, error: result.reason }));
      } finally {
        await fresh.destroy();
      }
    });
  }

  #attempt(
    pool: Piscina,
    parser: WorkerModule,
    items: readonly ParseRequest[],
    signal: AbortSignal,
  ): Promise<AttemptResult> {
    const { module, version, timeoutMs = this.#options.timeoutMs } = parser;
    const task = { module, version, items, maxResultBytes: this.#options.maxResultBytes };
    const growthBytes = this.#options.growthMb * 1024 * 1024;
    return attempt(pool, task, { timeoutMs, growthBytes }, signal);
  }

  #lost(parser: WorkerModule, reason: string): void {
    this.#lostWorkers++;
    const { module, version } = parser;
    const isSuspended = this.#strikes.add(parser);
    this.#log?.warn({ module, version, reason }, "a parser cost its worker");
    if (isSuspended) {
      const until = this.#strikes.suspendedUntil(parser);
      this.#log?.warn({ module, version, until }, "the parser is suspended");
    }
  }
}

const NOTHING_TO_PARSE: WorkerModule = { module: undefined, version: "" };

function withStrings(outcome: ParseOutcome<StoredText>): ParseOutcome {
  const { prepared: given, ...rest } = outcome;
  const prepared = given && {
    words: textOf(given.words),
    ...(given.folded !== undefined && { folded: textOf(given.folded) }),
    ...(given.refused !== undefined && { refused: given.refused }),
  };
  const known = prepared && { prepared };
  return rest.ok ? { ...rest, json: textOf(rest.json), ...known } : { ...rest, ...known };
}

const suspended = (until: Date): ParseOutcome => ({
  ok: false,
  error: `the parser is suspended until ${until.toISOString()}, because it brought down too many workers`,
  temporary: true,
});

function delay(ms: number): { promise: Promise<void>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

/** Settles as the promise does, or at once with the signal's reason; a part may still be waiting for its turn. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
