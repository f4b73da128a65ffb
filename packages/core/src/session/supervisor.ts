import { ConnectionError, InternalError, LarderError } from "../errors/errors.js";
import { BackOff } from "./back-off.js";
import { isViolation, worthRetrying } from "./failure.js";
import type { BackOffOptions, SessionLog, SessionState } from "./options.js";

export interface SupervisorOptions {
  account: string;
  log: SessionLog;
  backOff: Partial<BackOffOptions> | undefined;
  /** Time online after which the back-off begins anew. */
  stableMs: number;
  /**
   * Brings a connection online and calls `online` then.
   *
   * @returns resolves to why it ended; rejects where it never was online
   */
  attempt: (signal: AbortSignal, online: () => void) => Promise<LarderError>;
  /** Every change; `error` with "connecting" and "failed" after something went wrong. */
  onState: (state: SessionState, error: LarderError | undefined) => void;
}

interface Joined {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: LarderError) => void;
}

function joined(): Joined {
  const { promise, resolve, reject } = withResolvers();
  promise.catch(() => {}); // nobody has to wait for it
  return { promise, resolve, reject };
}

function withResolvers(): Joined {
  let resolve: Joined["resolve"] = () => {};
  let reject: Joined["reject"] = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Keeps a connection up: tries again with back-off where that can help, and stops where it cannot. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #backOff: BackOff;
  #state: SessionState = "offline";
  #run: { abort: AbortController; ended: Promise<void> } | undefined;
  /** The attempt under way or next, for those who wait for its outcome. */
  #next: Joined | undefined;
  #wake: (() => void) | undefined;
  #wasOnline = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.backOff);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Begins, or joins the attempt under way; a wait between two attempts is cut short. */
  connect(): Promise<void> {
    if (this.#state === "online") return Promise.resolve();
    this.#next ??= joined();
    const { promise } = this.#next;
    if (this.#run) this.#wake?.();
    else this.#begin();
    return promise;
  }

  #begin(): void {
    const abort = new AbortController();
    this.#wasOnline = false;
    this.#backOff.reset();
    this.#run = { abort, ended: this.#loop(abort.signal) };
  }

  /** Ends the loop; the caller has closed the connection or is about to. */
  async stop(): Promise<void> {
    const run = this.#run;
    run?.abort.abort();
    this.#wake?.();
    await run?.ended;
    this.#set("offline", undefined);
  }

  #set(state: SessionState, error: LarderError | undefined): void {
    if (this.#state === state && error === undefined) return;
    this.#state = state;
    this.#options.onState(state, error);
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { account, log, stableMs } = this.#options;
    this.#set("connecting", undefined);
    for (;;) {
      const error = await this.#attempt(signal, stableMs);
      const waiting = this.#next;
      this.#next = undefined;
      if (signal.aborted) {
        this.#run = undefined;
        waiting?.reject(new ConnectionError(`${account} was asked to disconnect`));
        return;
      }
      if (!worthRetrying(error, this.#wasOnline)) {
        this.#run = undefined;
        log.error({ account, error: error.message, type: error.type }, "not connected, and not trying again");
        this.#set("failed", error);
        waiting?.reject(error);
        return;
      }
      const waitMs = isViolation(error) ? this.#backOff.nextAfterViolation() : this.#backOff.next();
      log.warn({ account, error: error.message, type: error.type, waitMs }, "not connected, trying again");
      this.#set("connecting", error);
      waiting?.reject(error);
      await this.#pause(waitMs, signal);
    }
  }

  async #attempt(signal: AbortSignal, stableMs: number): Promise<LarderError> {
    let since: number | undefined;
    try {
      const error = await this.#options.attempt(signal, () => {
        since = performance.now();
        this.#wasOnline = true;
        this.#set("online", undefined);
        this.#next?.resolve();
        this.#next = undefined;
      });
      if (since !== undefined && performance.now() - since >= stableMs) this.#backOff.reset();
      return error;
    } catch (error) {
      if (error instanceof LarderError) return error;
      const reason = error instanceof Error ? error.message : String(error);
      return new InternalError(`${this.#options.account}: ${reason}`, { cause: error });
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#next) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
