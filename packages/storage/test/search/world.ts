import { type HistoryQuery, InvalidQueryError, type ItemSearch, type Store } from "@larder/storage";
import sql from "sql-template-tag";
import { accountIn, item, message } from "../support.js";
import type { PlannedSearch, StoredItem } from "./oracle.js";
import { write } from "./text-oracle.js";

/** Two accounts whose cached items a test replaces as often as it likes. */
export class World {
  readonly #store: Store;
  readonly #accountIds: readonly number[];

  private constructor(store: Store, accountIds: readonly number[]) {
    this.#store = store;
    this.#accountIds = accountIds;
  }

  static async in(store: Store): Promise<World> {
    const accountIds = [await accountIn(store, "a@larder.test"), await accountIn(store, "b@larder.test")];
    await store.messages.insert(message(Number(accountIds[0]), "The quick fox", { uid: "fox" }));
    return new World(store, accountIds);
  }

  /** Puts these items in the place of all that are there. */
  async fill(items: readonly StoredItem[]): Promise<void> {
    const { database, nodes } = this.#store;
    await database.write(async ({ executor }) => {
      await executor.run(sql`DELETE FROM pubsub_node`);
      for (const stored of items.toSorted((a, b) => a.account - b.account)) {
        const node = await nodes.ensure({
          accountId: Number(this.#accountIds[stored.account]),
          service: stored.service,
          node: stored.node,
        });
        await nodes.update(node.id, { type: stored.type, subtype: stored.subtype });
        await this.#store.items.storeLive(node.id, 0, [
          { ...item(stored.itemId, stored.parsed as object | undefined, stored.text) },
        ]);
        await executor.run(
          sql`UPDATE pubsub_item SET created = ${stored.created}, updated = ${stored.updated}
              WHERE node_id = ${node.id} AND item_id = ${stored.itemId}`,
        );
      }
    });
  }

  /** The search in the words of the store. */
  plan({ fts, accounts, ...rest }: PlannedSearch): ItemSearch {
    return {
      ...rest,
      fts: fts && write(fts),
      accountIds: accounts?.map((account) => Number(this.#accountIds[account])),
    };
  }

  async search(search: PlannedSearch) {
    const { items, total } = await this.#store.itemSearch.search(this.plan(search));
    return {
      items: items.map((found) => ({
        account: this.#accountIds.indexOf(found.accountIds[0] ?? -1),
        service: found.service,
        node: found.node,
        itemId: found.itemId,
      })),
      total,
    };
  }

  /** What becomes of a search that may be anything: the ids it finds, or the parameter it is refused for. */
  attempt(search: ItemSearch): Promise<Outcome> {
    return outcome(search, async () =>
      (await this.#store.itemSearch.search(search)).items.map(({ itemId }) => itemId),
    );
  }

  /** As {@link attempt}, for a page of history. */
  attemptHistory(query: HistoryQuery): Promise<Outcome> {
    return outcome(query, async () =>
      (await this.#store.messages.history(query)).messages.map(({ uid }) => uid),
    );
  }

  /** Everything in every table that a search could have to do with. */
  async contents(): Promise<string> {
    return this.#store.database.read(async ({ executor }) =>
      JSON.stringify([
        await executor.all(sql`SELECT * FROM account ORDER BY id`),
        await executor.all(sql`SELECT * FROM pubsub_node ORDER BY id`),
        await executor.all(sql`SELECT * FROM pubsub_item ORDER BY id`),
        await executor.all(sql`SELECT * FROM message ORDER BY id`),
        await executor.all(sql`SELECT * FROM setting ORDER BY key`),
        await executor.all(sql`SELECT * FROM migration ORDER BY name`),
      ]),
    );
  }
}

export type Outcome = readonly string[] | { readonly refused: string };

/** @throws every error but a refusal that names its parameter */
async function outcome(asked: object, ask: () => Promise<readonly string[]>): Promise<Outcome> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof InvalidQueryError)) throw error;
    const [parameter = ""] = error.path.split(".");
    if (!(parameter in asked) || !error.message.startsWith(error.path))
      throw new Error(`the refusal does not name its parameter: ${error.path}: ${error.message}`);
    return { refused: parameter };
  }
}
