import type { LarderError } from "../errors/errors.js";

/** Waits for what cannot be called off itself, but no longer than this. What comes later is ignored. */
export function abortable<T>(
  promise: Promise<T>,
  options: {
    signal: AbortSignal;
    timeoutMs: number;
    onAbort: () => LarderError;
    onTimeout: () => LarderError;
  },
): Promise<T> {
  const { signal, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const abort = () => settle(() => reject(options.onAbort()));
    const timer = setTimeout(() => settle(() => reject(options.onTimeout())), timeoutMs);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      act();
    };
    signal.addEventListener("abort", abort);
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
    if (signal.aborted) abort();
  });
}
