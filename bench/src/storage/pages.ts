import { createStore, Database, type ItemInput, prepareItem, type Store, textOf } from "@larder/storage";
import { makePage } from "./data.js";
import { inTurns, report, type Times } from "./measure.js";
import { type TapedStatement, tape } from "./tape.js";
import type { Target } from "./target.js";

const ITEMS = 100;

/** An account with one empty node. */
export async function emptyNode(store: Store): Promise<number> {
  const account = await store.accounts.add({
    jid: "bench@larder.test",
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
  const node = await store.nodes.ensure({
    accountId: account.id,
    service: "pubsub.larder.test",
    node: "bench",
  });
  await store.nodes.update(node.id, { type: "blog", state: "synced" });
  return node.id;
}

const rate = (times: Times, items: number) =>
  [1, 0.5, 0].map((share) => Math.round((items * 1000) / times.at(share))).join(" / ");

/** Gives work to `run` so that at most `most` are on their way. */
async function overlapping<T>(
  work: readonly T[],
  most: number,
  run: (entry: T, index: number) => Promise<unknown>,
) {
  const running: Promise<unknown>[] = [];
  for (const [index, entry] of work.entries()) {
    if (running.length >= most) await running.shift();
    running.push(run(entry, index));
  }
  await Promise.all(running);
}

/** Items as the parser pool hands them over: its threads have cut the words and folded the JSON. */
const prepared = (page: readonly ItemInput[]): ItemInput[] =>
  page.map(({ text = "", prepared: _, ...item }) => ({
    ...item,
    prepared: prepareItem(textOf(item.parsedJson), text),
  }));

/** Writing pages of 100 items: the repository beside the same statements through the bare driver. */
export async function benchPages(target: Target, pagesPerTurn: number, turns: number): Promise<void> {
  const { database } = await Database.open({ url: target.url });
  const nodeId = await emptyNode(createStore(database));
  await database.close();
  const twins = [await target.twin(), await target.twin(), await target.twin(), await target.twin()] as const;
  const [scribe, one, two, alone] = await Promise.all(
    [target.url, twins[0].url, twins[1].url, twins[2].url].map(async (url) =>
      createStore((await Database.open({ url })).database),
    ),
  );
  if (!scribe || !one || !two || !alone) throw new Error("a database of four is missing");
  const bare = await twins[3].bare();

  let from = 0;
  let raw: ItemInput[][] = [];
  let pages: ItemInput[][] = [];
  let taped: TapedStatement[][] = [];
  const write = ({ items }: Store, page: readonly ItemInput[], index: number) => {
    const ids = page.map(({ itemId }) => itemId);
    return items.storePage(nodeId, 1, from + index * ITEMS, ids, page);
  };
  const makeReady = async () => {
    from += pages.length * ITEMS;
    raw = Array.from({ length: pagesPerTurn }, (_, page) => makePage(from + page * ITEMS, ITEMS));
    pages = raw.map(prepared);
    taped = [];
    for (const [index, page] of pages.entries())
      taped.push(await tape(target.engine, () => write(scribe, page, index)));
  };
  const times = await inTurns(turns, {
    prepare: makeReady,
    one: () => overlapping(pages, 1, (page, index) => write(one, page, index)),
    two: () => overlapping(pages, 2, (page, index) => write(two, page, index)),
    alone: () => overlapping(raw, 2, (page, index) => write(alone, page, index)),
    bare: async () => {
      for (const statements of taped) {
        await bare.all(target.begin);
        for (const { text, values } of statements) await bare.all(text, values);
        await bare.all("COMMIT");
      }
    },
  });
  const items = pagesPerTurn * ITEMS;
  const length = Math.round(pages.flat().reduce((sum, { xml }) => sum + xml.length, 0) / items);
  const share = (ours: Times) => `${(times.bare.at(0.5) / ours.at(0.5)).toFixed(2)} of the bare rate`;
  report(`pages of ${ITEMS} items of ${length} characters, bare`, `${rate(times.bare, items)} items/s`);
  report(
    "  storePage, prepared, two on their way",
    `${rate(times.two, items)} items/s   ${share(times.two)}`,
    "target 0.8",
  );
  report("  prepared, one after the other", `${rate(times.one, items)} items/s   ${share(times.one)}`);
  report("  unprepared, two on their way", `${rate(times.alone, items)} items/s   ${share(times.alone)}`);
  for (const store of [scribe, one, two, alone]) await store.database.close();
  await bare.close();
}
