import { AsyncResource } from "node:async_hooks";
import { asStorageError, asUnitError, isDatabaseFailure } from "../errors.js";

/** One transaction that several units of work share; where there are several, each stands in a savepoint of its own. */
export interface SharedTransaction<Unit> {
  /** Runs one unit; statements that it leaves behind are refused. */
  run<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
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
  #drain: Promise<void> | undefined;
  #paused: Promise<unknown> | undefined;

  /**
   * @param begin opens a transaction for writing
   * @param afterCommit told after each commit, before the units' promises resolve
   */
  constructor(begin: () => Promise<SharedTransaction<Unit>>, afterCommit: () => void) {
    this.#begin = begin;
    this.#afterCommit = afterCommit;
  }

  /** Runs `work` in a transaction and resolves after its commit. */
  run<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // Whoever fills the queue first runs it: each unit belongs to its own caller all the same.
      const bound = AsyncResource.bind(work);
      this.#waiting.push({ work: bound, resolve: resolve as (value: unknown) => void, reject });
      this.#drain ??= this.#work();
    });
  }

  /** Runs `work` between two commits, while no unit of work is open. */
  async between<T>(work: () => Promise<T>): Promise<T> {
    while (this.#paused) await this.#paused;
    const running = (async () => {
      await this.#drain; // which stops at the next commit
      return work();
    })();
    const settled = running.then(
      () => {},
      () => {},
    );
    this.#paused = settled.then(() => {
      this.#paused = undefined;
      if (this.#waiting.length > 0) this.#drain ??= this.#work();
    });
    return running;
  }

  /** Resolves when nothing is waiting or running. */
  async idle(): Promise<void> {
    while (this.#drain || this.#paused) await (this.#drain ?? this.#paused);
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // lets units that are queued in the same turn share the first commit
    try {
      while (this.#waiting.length > 0 && !this.#paused)
        await this.#commitTogether(this.#waiting.splice(0, UNITS_PER_COMMIT));
    } finally {
      this.#drain = undefined;
    }
  }

  async #commitTogether(units: Waiting<Unit>[]): Promise<void> {
    const done: (() => void)[] = [];
    let transaction: SharedTransaction<Unit> | undefined;
    try {
      transaction = await this.#begin();
      const alone = units.length === 1;
      for (const waiting of units) {
        const told = await this.#runOne(transaction, waiting, alone);
        if (alone && told.failed) {
          await transaction.rollback().catch(() => {}); // as below
          return told.tell();
        }
        done.push(told.tell);
      }
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
    alone: boolean,
  ): Promise<{ failed: boolean; tell: () => void }> {
    if (!alone) await transaction.savepoint();
    try {
      const result = await transaction.run(work);
      if (!alone) await transaction.release();
      return { failed: false, tell: () => resolve(result) };
    } catch (error) {
      if (!alone) await undone(transaction, error);
      return { failed: true, tell: () => reject(asUnitError(error, "writing to the database")) };
    }
  }
}

/** Undoes one unit. Where the transaction is gone with it (the disk is full, say), its error is the reason for all. */
async function undone(transaction: SharedTransaction<unknown>, error: unknown): Promise<void> {
  try {
    await transaction.rollbackToSavepoint();
  } catch (failure) {
    throw isDatabaseFailure(error) ? error : failure;
  }
}
