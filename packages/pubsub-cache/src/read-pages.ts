import { AnswerTooLargeError, requestItems, type WireItem } from "@larder/core";
import { type Arrival, Arrivals } from "./arrivals.js";
import { pagesByCreation } from "./newest-first.js";
import type { NodePage, ReadingOptions, ServiceWays } from "./node-pages.js";
import { PageSize } from "./page-size.js";

/** Pages of a node by RSM, oldest first, or everything at once from a service that does not page. */
export async function* readPages(options: ReadingOptions): AsyncGenerator<NodePage> {
  const arrivals = new Arrivals();
  const asking = new PageReader(options, arrivals).run().then(
    () => arrivals.finish(),
    (error) => arrivals.fail(error),
  );
  try {
    yield* arrivals.parts();
  } finally {
    arrivals.stop();
    void asking;
  }
}

const UNPAGED: ServiceWays = { paging: "none", overwritten: "moves" };

interface Answer {
  readonly arrival: Arrival;
  readonly ways?: ServiceWays;
  readonly last?: string;
  readonly count?: number;
}

/** Asks for page after page, and lets their items arrive. */
class PageReader {
  readonly #options: ReadingOptions;
  readonly #arrivals: Arrivals;
  readonly #size = new PageSize();
  readonly #seen = new Set<string>();
  #isFirst = true;

  constructor(options: ReadingOptions, arrivals: Arrivals) {
    this.#options = options;
    this.#arrivals = arrivals;
  }

  async run(): Promise<void> {
    const { from, maxItems } = this.#options;
    let answer = await this.#ask({ after: from?.after });
    const jumped = from === undefined ? await this.#passOver(answer) : undefined;
    answer = jumped ?? answer;
    const passedOver = jumped !== undefined;
    for (;;) {
      const { arrival, last, ways, count } = answer;
      if (last === undefined) {
        const surplus = maxItems !== undefined && arrival.count > maxItems;
        if (surplus) arrival.keep(maxItems);
        // A service that does not know RSM gives more than was asked for; one that gives no more may have a limit.
        const doubtful = ways?.paging === "none" && arrival.count <= this.#size.now;
        arrival.end({ ways, total: count, passedOver: passedOver || surplus, doubtful });
        return;
      }
      const isNew = arrival.count > 0;
      arrival.end({ ways, total: count, passedOver, mark: { by: "rsm", after: last } });
      // A page without anything new is the end, whatever the service says: ejabberd ends with an empty one, others
      // may repeat the last.
      if (!isNew || !(await this.#arrivals.untilFew())) return;
      answer = await this.#ask({ after: last });
    }
  }

  /** The page at which the newest `maxItems` begin, where there are more and the service can go there. */
  async #passOver({ arrival, count }: Answer): Promise<Answer | undefined> {
    const { maxItems } = this.#options;
    if (maxItems === undefined || count === undefined || count - maxItems <= arrival.count) return undefined;
    const begins = arrival.waiting.map(({ id }) => id);
    const seen = [...this.#seen];
    this.#seen.clear();
    const there = await this.#ask({ index: count - maxItems });
    if (there.arrival.waiting[0]?.id !== begins[0]) {
      arrival.withdraw();
      return there;
    }
    // One that does not know indexes begins at the beginning again.
    there.arrival.withdraw();
    this.#seen.clear();
    for (const id of seen) this.#seen.add(id);
    return undefined;
  }

  async #ask(rsm: { after?: string; index?: number }): Promise<Answer> {
    const { requester, address, moment, maxItems } = this.#options;
    const size = this.#size;
    // How the service treats overwritten items decides where the first ones stand.
    const arrival = this.#arrivals.begin(moment(), this.#isFirst || maxItems !== undefined);
    const here = new Set<string>();
    const take = (item: WireItem): boolean => {
      if (this.#isFirst && maxItems === undefined && arrival.count > size.now) {
        arrival.about = { ways: UNPAGED };
        arrival.held = false;
      }
      return this.#take(arrival, here, item);
    };
    for (;;) {
      const from = performance.now();
      const before = { count: arrival.count, characters: arrival.characters };
      try {
        const { items, rsm: set } = await requestItems(
          requester,
          { ...address, rsm: { max: size.now, ...rsm } },
          take,
        );
        for (const item of items) if (!take(item)) throw new AnswerTooLargeError("the answer is too large");
        this.#isFirst = false;
        if (!set) return { arrival, ways: UNPAGED, count: arrival.count };
        const { count, characters } = arrival;
        size.note(count - before.count, characters - before.characters, performance.now() - from);
        const ways = { paging: "rsm", overwritten: pagesByCreation(set) ? "stays" : "moves" } as const;
        return { arrival, last: set.last, count: set.count, ways: count > 0 ? ways : undefined };
      } catch (error) {
        // Where nothing was read yet, a service that does not page may have sent everything: see readNode.
        const paged = rsm.after !== undefined || rsm.index !== undefined;
        if (!(error instanceof AnswerTooLargeError) || !paged || !size.tooLarge()) throw error;
        for (const id of here) this.#seen.add(id);
      }
    }
  }

  /** An answer may hold the same id twice, where the later one counts; one that an earlier answer had is passed over. */
  #take(arrival: Arrival, here: Set<string>, item: WireItem): boolean {
    if (here.has(item.id)) return arrival.add(item);
    if (this.#seen.has(item.id)) return true;
    this.#seen.add(item.id);
    here.add(item.id);
    return arrival.add(item);
  }
}
