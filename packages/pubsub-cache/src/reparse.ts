import type { NodeFilter, NodeRecord, ParsableItem, Reparsed, Store } from "@larder/storage";
import { type Analyser, parserName, parserOf } from "./analysers/analyser.js";
import type { AnalyserRegistry } from "./analysers/registry.js";
import { type ItemParser, parsedItems } from "./ingest.js";

/** Where the re-parser says what a person should know; a pino logger fits. */
export interface ReparseLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface ReparserOptions {
  readonly store: Store;
  readonly pool: ItemParser;
  readonly analysers: AnalyserRegistry;
  /** Whether there is work that should not have to share the parsers, such as a synchronisation. */
  readonly isBusy?: () => boolean;
  readonly log?: ReparseLog;
  /** How long to wait before looking again whether there is other work, in milliseconds; default 500. */
  readonly pauseMs?: number;
}

/** Items parsed between two looks at whether there is something better to do. */
const BATCH = 50;
const TELL_EVERY = 5000;

/**
 * Parses stored items again: those of a parser that has changed, in the background, or what somebody asks for.
 * Readers see an item's older data until the new is there; times, order and event log do not change.
 */
export class Reparser implements AsyncDisposable {
  readonly #options: ReparserOptions;
  readonly #stop = new AbortController();
  #background: Promise<void> | undefined;

  constructor(options: ReparserOptions) {
    this.#options = options;
  }

  /**
   * Brings all items up to the present versions of their parsers, politely: a batch at a time, half of the time
   * idle, and not at all while there is other work. What a run did is not done again by the next one, so it may end
   * at any moment. Resolves when it is done or stopped; a failure is logged, and the next start tries again.
   */
  runInBackground(): Promise<void> {
    this.#background ??= this.#catchUp().catch((err: unknown) => {
      if (!this.#stop.signal.aborted) this.#options.log?.warn({ err }, "items could not be parsed again");
    });
    return this.#background;
  }

  /**
   * Parses all items of the nodes that match again, whatever parsed them before.
   *
   * @returns how many items have new parsed data
   */
  async run(filter: NodeFilter): Promise<number> {
    let items = 0;
    for (const node of await this.#options.store.nodes.list(filter)) {
      const analyser = this.#options.analysers.byName(node.analyser);
      if (analyser) items += (await this.#node(node, analyser, {})).kept;
    }
    return items;
  }

  /** Ends the work in the background after its present batch. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#background;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #catchUp(): Promise<void> {
    const { store, analysers, log } = this.#options;
    const finished = await store.parsing.finishedWith();
    const changed = analysers.list().filter((analyser) => finished.get(analyser.name) !== nameOf(analyser));
    if (changed.length === 0) return;
    const nodes = await store.nodes.list();
    for (const analyser of changed) {
      const parser = nameOf(analyser);
      let done = 0;
      let skipped = 0;
      for (const node of nodes.filter((one) => one.analyser === analyser.name)) {
        const result = await this.#node(node, analyser, {
          unless: parserName(analyser) ?? null,
          onBatch: (kept) => {
            if (Math.floor((done + kept) / TELL_EVERY) > Math.floor(done / TELL_EVERY))
              log?.info(
                { analyser: analyser.name, parser, items: done + kept },
                "parsing stored items again",
              );
            done += kept;
          },
        });
        skipped += result.skipped;
        if (this.#stop.signal.aborted) return;
      }
      if (done > 0 || skipped > 0)
        log?.info(
          { analyser: analyser.name, parser, items: done, skipped },
          "stored items were parsed again",
        );
      if (skipped === 0) await store.parsing.finished(analyser.name, parser);
    }
  }

  /** @param options.unless see ParsingRepository.items; its presence means that there is no hurry */
  async #node(
    node: NodeRecord,
    analyser: Analyser,
    options: { unless?: string | null; onBatch?: (kept: number) => void },
  ): Promise<{ kept: number; skipped: number }> {
    const { parsing } = this.#options.store;
    const { unless, onBatch } = options;
    const sum = { kept: 0, skipped: 0 };
    let after: string | undefined;
    for (;;) {
      if (unless !== undefined) await this.#untilFree();
      if (this.#stop.signal.aborted) return sum;
      const begun = performance.now();
      const items = await parsing.items(node.id, { after, limit: BATCH, unless });
      if (items.length === 0) return sum;
      after = items.at(-1)?.itemId;
      const results = await this.#parse(node, analyser, items);
      const kept = await parsing.store(results);
      sum.kept += kept;
      sum.skipped += items.length - results.length;
      onBatch?.(kept);
      if (unless !== undefined) await this.#wait(performance.now() - begun);
    }
  }

  /** Without those whose parser was not even asked: what they have is better than nothing. */
  async #parse(node: NodeRecord, analyser: Analyser, items: readonly ParsableItem[]): Promise<Reparsed[]> {
    const { service, node: name, subtype } = node;
    const address = { service, node: name };
    const parsed = await parsedItems(this.#options.pool, address, subtype, parserOf(analyser), items);
    return parsed.flatMap(({ temporary, ...result }, index): Reparsed[] => {
      const item = items[index];
      return item === undefined || temporary ? [] : [{ ...result, item, parser: parserName(analyser) }];
    });
  }

  async #untilFree(): Promise<void> {
    while (this.#options.isBusy?.() && !this.#stop.signal.aborted)
      await this.#wait(this.#options.pauseMs ?? 500);
  }

  /** Cut short when it is to stop. */
  #wait(ms: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}

/** As it is remembered: an analyser without a parser has parsed everything with none. */
const nameOf = (analyser: Analyser): string => parserName(analyser) ?? "";
