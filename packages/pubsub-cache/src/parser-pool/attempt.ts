import type { Piscina } from "piscina";
import { LOADING, Progress } from "./progress.js";
import type { ParseOutcome, ParserTask } from "./protocol.js";

/** How long a thread may take to start and to load the parser's module. */
const LOAD_TIMEOUT_MS = 15_000;

/** What came of handing a batch to a worker. */
export type AttemptResult =
  | { readonly kind: "done"; readonly outcomes: readonly ParseOutcome[] }
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
 * Has a batch parsed by one worker, which is ended when an item takes too long.
 *
 * @throws the signal's reason when it is aborted; the worker is ended then too
 */
export async function attempt(
  pool: Piscina,
  task: Omit<ParserTask, "progress">,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const progress = new Progress();
  const controller = new AbortController();
  let late: { index: number; reason: string } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watch = () => {
    const { index, elapsedMs } = progress;
    const left = (index === LOADING ? LOAD_TIMEOUT_MS : timeoutMs) - elapsedMs;
    if (left > 0) {
      // Not only when loading would have taken too long: by then an item may have hung for a while.
      timer = setTimeout(watch, Math.min(left, timeoutMs));
      return;
    }
    late =
      index === LOADING
        ? { index, reason: `the parser was not loaded within ${LOAD_TIMEOUT_MS} ms` }
        : { index, reason: `the parser took longer than ${timeoutMs} ms` };
    controller.abort();
  };
  const cancel = () => controller.abort();
  signal.throwIfAborted();
  signal.addEventListener("abort", cancel, { once: true });
  watch();
  try {
    const outcomes: ParseOutcome[] = await pool.run(
      { ...task, progress: progress.buffer } satisfies ParserTask,
      { signal: controller.signal },
    );
    return { kind: "done", outcomes };
  } catch (error) {
    signal.throwIfAborted();
    if (late) return { kind: "lost", ...late, certain: true };
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
