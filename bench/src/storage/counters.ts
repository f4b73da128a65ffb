import type { Store } from "@larder/storage";
import sql from "sql-template-tag";

const key = (counter: number) => `bench.counter.${counter}`;

/** Rows that writers count up in: reading first, then writing what was read and one more. */
export class Counters {
  readonly #store: Store;
  readonly #count: number;
  #acknowledged = 0;

  constructor(store: Store, count: number) {
    this.#store = store;
    this.#count = count;
  }

  async reset(): Promise<void> {
    await this.#store.database.write(async ({ executor }) => {
      for (let counter = 0; counter < this.#count; counter++) {
        await executor.run(
          sql`INSERT INTO setting (key, value) VALUES (${key(counter)}, '0') ON CONFLICT (key) DO UPDATE SET value = '0'`,
        );
      }
    });
  }

  /** One unit of work. */
  async increment(counter: number): Promise<void> {
    const row = key(counter % this.#count);
    await this.#store.database.write(async ({ executor }) => {
      const read = await executor.first<{ value: string }>(sql`SELECT value FROM setting WHERE key = ${row}`);
      const next = String(Number(read?.value) + 1);
      await executor.run(sql`UPDATE setting SET value = ${next} WHERE key = ${row}`);
    });
    this.#acknowledged++;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Updates that were acknowledged and are not there. */
  async lost(): Promise<number> {
    const rows = await this.#store.database.read(({ executor }) =>
      executor.all<{ value: string }>(sql`SELECT value FROM setting WHERE key LIKE 'bench.counter.%'`),
    );
    return this.#acknowledged - rows.reduce((sum, { value }) => sum + Number(value), 0);
  }

  async remove(): Promise<void> {
    await this.#store.database.write(({ executor }) =>
      executor.run(sql`DELETE FROM setting WHERE key LIKE 'bench.counter.%'`),
    );
  }
}
