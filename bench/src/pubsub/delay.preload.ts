// Loaded into larderd before itself: measures the delay of its main thread's event loop, asked by messages.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";
import type { DelayQuestion, LoopDelay } from "./larderd.js";

const RESOLUTION_MS = 1;

/** A timer of this resolution is late by that much where nothing is in its way. */
const inMs = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);

if (isMainThread && process.channel) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let before = process.cpuUsage();
  process.on("message", (question: DelayQuestion) => {
    if (question === "begin") {
      before = process.cpuUsage();
      delay.reset();
      delay.enable();
      process.send?.({});
      return;
    }
    delay.disable();
    const { user, system } = process.cpuUsage(before);
    process.send?.({
      p50: inMs(delay.percentile(50)),
      p99: inMs(delay.percentile(99)),
      max: inMs(delay.max),
      cpuMs: (user + system) / 1000,
    } satisfies LoopDelay);
  });
  process.channel.unref();
}
