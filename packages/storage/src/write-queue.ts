import { AsyncLocalStorage } from "node:async_hooks";
import { asStorageError, asUnitError } from "./errors.js";

/** One transaction that several units of work share; each stands in a savepoint of its own. */
export interface SharedTransaction<Unit> {
  readonly unit: Unit;
  savepoint(): Promise<void>;
  release(): Promise<void>;
  rollbackToSavepoint(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

interface Waiting<Unit> {
  work: (unit: Unit) => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** How many waiting units of work one commit may carry: more would make the first wait for the last. */
const UNITS_PER_COMMIT = 64;

/**
 * Lets one unit of work write at a time and commits those that wait together in one transaction: the
 * disk is flushed once for all of them, and each is told after that flush. A unit that throws is undone
 * alone; the others are kept.
 */
export class WriteQueue<Unit> {
  readonly #begin: () => Promise<SharedTransaction<Unit>>;
  readonly #afterCommit: () => void;
  readonly #waiting: Waiting<Unit>[] = [];
  readonly #running = new AsyncLocalStorage<{ unit: Unit; open: boolean }>();
  #drain: Promise<void> | undefined;

  /**
   * @param begin opens a transaction for writing
   * @param afterCommit told after each commit, before the units' promises resolve
   */
  constructor(begin: () => Promise<SharedTransaction<Unit>>, afterCommit: () => void) {
    this.#begin = begin;
    this.#afterCommit = afterCommit;
  }

  /** Runs `work` in a transaction and resolves after its commit; called inside a running unit it joins that one. */
  run<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    const outer = this.current();
    if (outer !== undefined) return work(outer);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#drain ??= this.#work();
    });
  }

  /** The unit of work that the caller is running in, if any. */
  current(): Unit | undefined {
    const store = this.#running.getStore();
    return store?.open ? store.unit : undefined; // what a unit left behind must not write into a later one
  }

  /** Resolves when nothing is waiting or running. */
  async idle(): Promise<void> {
    while (this.#drain) await this.#drain;
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // lets units that are queued in the same turn share the first commit
    try {
      while (this.#waiting.length > 0) await this.#commitTogether(this.#waiting.splice(0, UNITS_PER_COMMIT));
    } finally {
      this.#drain = undefined;
    }
  }

  async #commitTogether(units: Waiting<Unit>[]): Promise<void> {
    const done: (() => void)[] = [];
    let transaction: SharedTransaction<Unit> | undefined;
    try {
      transaction = await this.#begin();
      for (const waiting of units) done.push(await this.#runOne(transaction, waiting));
      await transaction.commit();
    } catch (error) {
      await transaction?.rollback().catch(() => {}); // SQLite has ended it already where the disk was full
      const failure = asStorageError(error, "writing to the database");
      for (const { reject } of units) reject(failure);
      return;
    }
    this.#afterCommit();
    for (const tell of done) tell();
  }

  /** @returns what to tell the unit's caller once the commit has succeeded */
  async #runOne(
    transaction: SharedTransaction<Unit>,
    { work, resolve, reject }: Waiting<Unit>,
  ): Promise<() => void> {
    await transaction.savepoint();
    const store = { unit: transaction.unit, open: true };
    try {
      const result = await this.#running.run(store, () => work(transaction.unit));
      await transaction.release();
      return () => resolve(result);
    } catch (error) {
      await transaction.rollbackToSavepoint();
      return () => reject(asUnitError(error, "writing to the database"));
    } finally {
      store.open = false;
    }
  }
}
