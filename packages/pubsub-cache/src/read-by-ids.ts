import { fetchItemIdsInOrder, getItemsById, type WireItem } from "@larder/core";
import type { NodePage, ReadingOptions } from "./node-pages.js";
import { PageSize } from "./page-size.js";

/** Prosody takes 1 ms for each of 50 ids and nearly 2 for each of 800: what it holds meanwhile has to be collected. */
const IDS_AT_ONCE = 50;

/** A part on its way; what it fails with is told to who awaits it, and to nobody else. */
function ahead<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const charactersOf = (items: readonly WireItem[]) => items.reduce((sum, { xml }) => sum + xml.length, 0);

/** The ids first, then the items by them, the next some while these are worked on. */
export async function* readByIds(options: ReadingOptions): AsyncGenerator<NodePage> {
  const { requester, address, moment, from, maxItems } = options;
  const known = await fetchItemIdsInOrder(requester, address.service, address.node);
  const wanted = maxItems === undefined ? known : known.slice(-maxItems);
  const passedOver = wanted.length < known.length || undefined;
  const size = new PageSize(IDS_AT_ONCE);
  const ask = (start: number) =>
    ahead(
      (async () => {
        const asked = { moment: moment(), at: performance.now() };
        const ids = wanted.slice(start, start + size.now);
        const tooLarge: string[] = [];
        const items = await getItemsById(requester, address, ids, (id) => void tooLarge.push(id));
        size.note(ids.length, charactersOf(items), performance.now() - asked.at);
        return { items, moment: asked.moment, ids, tooLarge };
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
    yield {
      ...answer,
      total: wanted.length,
      ways,
      passedOver,
      mark: after === undefined ? undefined : { by: "ids", after },
    };
  }
}
