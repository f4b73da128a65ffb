import type { StoredText } from "@larder/storage/prepare";
import type { Piscina } from "piscina";
import { unpack } from "./packing.js";
import { LOADING, Progress } from "./progress.js";
import type { PackedOutcomes, ParseOutcome, ParserTask } from "./protocol.js";

/** How long a thread may take to start and to load the parser's module. */
const LOAD_TIMEOUT_MS = 15_000;

/** How often it is looked at what a worker does, at least. */
const LOOK_EVERY_MS = 100;

/** What one attempt may take. */
export interface AttemptLimits {
  /** For one item. */
  readonly timeoutMs: number;
  /** By how much the whole program may grow meanwhile: buffers are outside the limits of a thread's heap. */
  readonly growthBytes: number;
}

/** What came of handing a batch to a worker. */
export type AttemptResult =
  | { readonly kind: "done"; readonly outcomes: readonly ParseOutcome<StoredText>[] }
  | {
      /** The worker is gone, and everything that it had done. */
      readonly kind: "lost";
      /** The item in work, or {@link LOADING}. */
      readonly index: number;
      readonly reason: string;
      /** Whether that item alone is to blame: a lack of memory or an exit may be an earlier item's doing. */
      readonly certain: boolean;
    };

/**
 * Has a batch parsed by one worker, which is ended when an item takes too long or too much memory.
 *
 * @throws the signal's reason when it is aborted; the worker is ended then too
 */
export async function attempt(
  pool: Piscina,
  task: Omit<ParserTask, "progress">,
  { timeoutMs, growthBytes }: AttemptLimits,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const progress = new Progress();
  const controller = new AbortController();
  let late: { index: number; reason: string; certain: boolean } | undefined;
  const size = process.memoryUsage.rss();
  let timer: NodeJS.Timeout | undefined;
  const watch = () => {
    const { index, elapsedMs } = progress;
    const left = (index === LOADING ? LOAD_TIMEOUT_MS : timeoutMs) - elapsedMs;
    const hasGrown = process.memoryUsage.rss() - size > growthBytes;
    if (left > 0 && !hasGrown) {
      // Not only when loading would have taken too long: by then an item may have hung for a while.
      timer = setTimeout(watch, Math.min(left, timeoutMs, LOOK_EVERY_MS));
      return;
    }
    if (hasGrown) late = { index, reason: "the parser ran out of memory", certain: false };
    else if (index === LOADING)
      late = { index, reason: `the parser was not loaded within ${LOAD_TIMEOUT_MS} ms`, certain: true };
    else late = { index, reason: `the parser took longer than ${timeoutMs} ms`, certain: true };
    controller.abort();
  };
  const cancel = () => controller.abort();
  signal.throwIfAborted();
  signal.addEventListener("abort", cancel, { once: true });
  watch();
  try {
    const packed: PackedOutcomes = await pool.run(
      { ...task, progress: progress.buffer } satisfies ParserTask,
      { signal: controller.signal },
    );
    return { kind: "done", outcomes: unpack(packed) };
  } catch (error) {
    signal.throwIfAborted();
    if (late) return { kind: "lost", ...late };
    return { kind: "lost", index: progress.index, reason: reasonOf(error), certain: false };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "the parser ran out of memory";
  return `the parser ended its worker: ${String(message).slice(0, 200)}`;
}
