import { deepStrictEqual } from "node:assert";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { arrival, arrivals, comeIn, expected, history, script, type Taken } from "./reaction-arrivals.js";
import { temporaryHome } from "./support.js";

const program = fileURLToPath(new URL("./reaction-taker.fixture.js", import.meta.url));

/** Whoever takes stanzas in, in a process of its own. */
async function startTaker(t: ExecutionContext, url: string) {
  let child: ChildProcess;
  const answer = async (): Promise<unknown> => {
    const [said] = (await once(child, "message")) as [{ value: unknown; error?: string }];
    if (said.error !== undefined) throw new Error(said.error);
    return said.value;
  };
  const start = async () => {
    child = fork(program, [url], { execArgv: [] });
    await answer();
  };
  await start();
  t.teardown(() => child.kill("SIGKILL"));
  return {
    ask(request: object): Promise<unknown> {
      child.send(request);
      return answer();
    },
    /** Kills it within so many milliseconds after it was asked, wherever it is then, and starts it again. */
    async killAt(request: object, afterMs: number): Promise<void> {
      const ended = once(child, "exit");
      child.send(request);
      await new Promise((resolve) => setTimeout(resolve, afterMs)); // a moment that nothing tells
      child.kill("SIGKILL");
      await ended;
      await start();
    },
  };
}

test("whatever is being taken in when the program is killed, is there once when it comes again", async (t) => {
  t.timeout(600_000);
  const taker = await startTaker(t, `sqlite:${join(await temporaryHome(t), "larder.db")}`);
  const property = fc.asyncProperty(script, arrival, fc.nat(30), async (said, comes, afterMs) => {
    await taker.ask({ ask: "clear" });
    const entries = history(said);
    const all = arrivals(entries, said, comes);
    await comeIn(all, async (each, at, place) => {
      const request = { arrival: each, join: place };
      // The server sends again what was not acknowledged, and a page that was not committed is asked for again.
      if (at === comes.endsAt % all.length) await taker.killAt(request, afterMs);
      return (await taker.ask(request)) as Taken;
    });
    deepStrictEqual(await taker.ask({ ask: "stands" }), { messages: 1, sets: expected(entries) });
  });
  const runs = process.env.LARDER_SOAK ? 300 : 12;
  await t.notThrowsAsync(fc.assert(property, { numRuns: runs, includeErrorInReport: true }));
});
