const now = () => performance.timeOrigin + performance.now();

/** Where a worker is while the module is being loaded. */
export const LOADING = -1;

/**
 * What a worker is doing, in memory that the main thread reads too: an endless loop can't send a message. So the
 * main thread knows which item is to blame for a worker, and measures the worker's time, not its own delays.
 */
export class Progress {
  readonly buffer: SharedArrayBuffer;
  readonly #index: Int32Array;
  readonly #since: Float64Array;

  /** @param shared what the main thread's `buffer` is; absent there */
  constructor(shared?: SharedArrayBuffer) {
    const buffer = shared ?? new SharedArrayBuffer(16);
    this.buffer = buffer;
    this.#index = new Int32Array(buffer, 0, 1);
    this.#since = new Float64Array(buffer, 8, 1);
    if (!shared) this.begin(LOADING);
  }

  /** Worker: starts on the item with this number, or on {@link LOADING}. */
  begin(index: number): void {
    this.#since[0] = now();
    Atomics.store(this.#index, 0, index);
  }

  /** The item in work. */
  get index(): number {
    return Atomics.load(this.#index, 0);
  }

  /** For how long, in milliseconds. */
  get elapsedMs(): number {
    return now() - (this.#since[0] ?? 0);
  }
}
