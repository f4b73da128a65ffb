import {
  AnswerTooLargeError,
  fetchItemIdsInOrder,
  getItemsById,
  type Requester,
  requestItems,
  type WireItem,
} from "@larder/core";
import type { NodeAddress } from "./account.js";
import { withoutRepeats } from "./ingest.js";
import { pagesByCreation } from "./newest-first.js";
import { PageSize } from "./page-size.js";

/** Where a reading that was cut short goes on: after the item of this id, or after this id of RSM. */
export type PageMark = { readonly by: "rsm" | "ids"; readonly after: string };

/** A part of a node, oldest first. */
export interface NodePage {
  readonly items: readonly WireItem[];
  /** The moment in the sequence of events before which it was asked for. */
  readonly moment: number;
  /** How many items the node has, as far as the service says. */
  readonly total?: number;
  /** Where to go on after this part; absent where that is only known after a further one. */
  readonly mark?: PageMark;
  /** What the answer shows of the service's ways. */
  readonly ways?: ServiceWays;
  /** Older items were passed over, because more are not wanted. */
  readonly passedOver?: boolean;
  /** The service may have held something back without saying so. */
  readonly doubtful?: boolean;
}

/** How a service handles a node, as its answers show. */
export interface ServiceWays {
  readonly paging: "rsm" | "none";
  /** Whether an overwritten item moves to the end, as XEP-0060 §12.1 has it, or stays in its place. */
  readonly overwritten: "moves" | "stays";
}

export interface ReadingOptions {
  readonly requester: Requester;
  readonly address: NodeAddress;
  /** The moment now; see {@link NodePage.moment}. */
  readonly moment: () => number;
  /** Goes on from there. */
  readonly from?: PageMark;
  /** The newest so many are wanted. */
  readonly maxItems?: number;
}

/** Most items that are worked on as one part. */
const PART = 200;

/** A part on its way; what it fails with is told to who awaits it, and to nobody else. */
function ahead<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const charactersOf = (items: readonly WireItem[]) => items.reduce((sum, { xml }) => sum + xml.length, 0);

/** An answer in parts; the mark and what else is known of the whole stand on the last. */
function* parts(page: NodePage): Generator<NodePage> {
  const { items, moment, total, ways, passedOver } = page;
  let start = 0;
  for (; start + PART < items.length; start += PART)
    yield { items: items.slice(start, start + PART), moment, total, ways, passedOver };
  yield { ...page, items: items.slice(start) };
}

/**
 * Reads a node in full, oldest first. RSM is tried, and what came back is recognised: a page, everything, or too much
 * for one stanza, where the items are then asked for by their ids. The next answer is asked for before this one is
 * worked on.
 *
 * @throws {StanzaError} what the service answered; `not_found` also where `from` is a place it has forgotten
 */
export async function* readNode(options: ReadingOptions): AsyncGenerator<NodePage> {
  if (options.from?.by === "ids") yield* readByIds(options);
  else {
    try {
      yield* readPages(options);
    } catch (error) {
      if (!(error instanceof AnswerTooLargeError)) throw error;
      yield* readByIds(options);
    }
  }
}

interface Answer {
  readonly page: NodePage;
  readonly last?: string;
  readonly count?: number;
}

type Ask = (rsm: { after?: string; index?: number }) => Promise<Answer>;

async function* readPages(options: ReadingOptions): AsyncGenerator<NodePage> {
  const { from, maxItems } = options;
  const size = new PageSize();
  const seen = new Set<string>();
  const ask: Ask = (rsm) => ahead(askPage(options, size, rsm));
  let answer = await ask({ after: from?.after });
  const jumped = from === undefined ? await passOver(answer, maxItems, ask) : undefined;
  if (jumped) answer = jumped;
  for (;;) {
    const { page, last } = answer;
    if (last === undefined) {
      const { items } = page;
      const kept = maxItems === undefined ? items : items.slice(-maxItems);
      yield* parts({
        ...page,
        items: kept,
        passedOver: jumped !== undefined || kept.length < items.length,
        // A service that does not know RSM gives more than was asked for; one that gives no more may have a limit.
        doubtful: page.ways?.paging === "none" && items.length <= size.now,
      });
      return;
    }
    const fresh = page.items.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    // A page without anything new is the end, whatever the service says: ejabberd ends with an empty one, others
    // may repeat the last.
    const next = fresh.length > 0 ? ask({ after: last }) : undefined;
    yield* parts({
      ...page,
      items: fresh,
      passedOver: jumped !== undefined,
      mark: { by: "rsm", after: last },
    });
    if (!next) return;
    answer = await next;
  }
}

/** The page at which the newest `maxItems` begin, where there are more and the service can go there. */
async function passOver(
  { page, count }: Answer,
  maxItems: number | undefined,
  ask: Ask,
): Promise<Answer | undefined> {
  if (maxItems === undefined || count === undefined || count - maxItems <= page.items.length)
    return undefined;
  const there = await ask({ index: count - maxItems });
  // One that does not know indexes begins at the beginning again.
  return there.page.items[0]?.id === page.items[0]?.id ? undefined : there;
}

async function askPage(
  { requester, address, moment }: ReadingOptions,
  size: PageSize,
  rsm: { after?: string; index?: number },
): Promise<Answer> {
  for (;;) {
    const asked = { moment: moment(), at: performance.now() };
    try {
      const { items: all, rsm: set } = await requestItems(requester, {
        ...address,
        rsm: { max: size.now, ...rsm },
      });
      const items = withoutRepeats(all);
      if (!set) {
        const ways = { paging: "none", overwritten: "moves" } as const;
        return { page: { items, moment: asked.moment, total: items.length, ways } };
      }
      size.note(items.length, charactersOf(items), performance.now() - asked.at);
      const ways = { paging: "rsm", overwritten: pagesByCreation(set) ? "stays" : "moves" } as const;
      const known = items.length > 0 ? ways : undefined;
      return {
        page: { items, moment: asked.moment, total: set.count, ways: known },
        last: set.last,
        count: set.count,
      };
    } catch (error) {
      // Where nothing was read yet, a service that does not page may have sent everything: see readNode.
      const paged = rsm.after !== undefined || rsm.index !== undefined;
      if (!(error instanceof AnswerTooLargeError) || !paged || !size.tooLarge()) throw error;
    }
  }
}

async function* readByIds(options: ReadingOptions): AsyncGenerator<NodePage> {
  const { requester, address, moment, from, maxItems } = options;
  const known = await fetchItemIdsInOrder(requester, address.service, address.node);
  const wanted = maxItems === undefined ? known : known.slice(-maxItems);
  const passedOver = wanted.length < known.length || undefined;
  const size = new PageSize();
  const ask = (start: number) =>
    ahead(
      (async () => {
        const asked = { moment: moment(), at: performance.now() };
        const ids = wanted.slice(start, start + size.now);
        const items = await getItemsById(requester, address, ids);
        size.note(ids.length, charactersOf(items), performance.now() - asked.at);
        return { items, moment: asked.moment, ids };
      })(),
    );
  let start = from ? wanted.indexOf(from.after) + 1 : 0;
  let next = ask(start);
  const ways = { paging: "none", overwritten: "moves" } as const;
  while (start < wanted.length) {
    const { ids, ...answer } = await next;
    start += ids.length;
    if (start < wanted.length) next = ask(start);
    const after = ids.at(-1);
    yield* parts({
      ...answer,
      total: wanted.length,
      ways,
      passedOver,
      mark: after === undefined ? undefined : { by: "ids", after },
    });
  }
}
