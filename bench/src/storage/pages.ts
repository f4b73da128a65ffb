import { createStore, Database, type Store } from "@larder/storage";
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

/** Writing pages of 100 items: the repository beside the same statements through the bare driver. */
export async function benchPages(target: Target, pagesPerTurn: number, turns: number): Promise<void> {
  const { database } = await Database.open({ url: target.url });
  const nodeId = await emptyNode(createStore(database));
  await database.close();
  const twin = await target.twin();

  const again = createStore((await Database.open({ url: target.url })).database);
  const bare = await twin.bare();
  let next = 0;
  let taped: TapedStatement[][] = [];
  let pages: ReturnType<typeof makePage>[] = [];
  let from = 0;
  const times = await inTurns(turns, {
    prepare: async () => {
      from = next;
      pages = Array.from({ length: pagesPerTurn }, (_, page) => makePage(from + page * ITEMS, ITEMS));
      next += pagesPerTurn * ITEMS;
      taped = [];
    },
    ours: async () => {
      for (const [page, items] of pages.entries()) {
        const ids = items.map(({ itemId }) => itemId);
        taped.push(
          await tape(target.engine, () => again.items.storePage(nodeId, 1, from + page * ITEMS, ids, items)),
        );
      }
    },
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
  report(`pages of ${ITEMS} items of ${length} characters`, `${rate(times.ours, items)} items/s`);
  report("  the same statements, bare driver", `${rate(times.bare, items)} items/s`);
  report("  share of the bare rate", (times.bare.at(0.5) / times.ours.at(0.5)).toFixed(2), "target 0.8");
  await again.database.close();
  await bare.close();
}
