/** Takes in what its parent sends, and says when each is committed; to be killed at any moment. */
import { type Arrival, openHistory } from "./reaction-arrivals.js";

const history = await openHistory(process.argv[2] ?? "");

process.on(
  "message",
  ({ arrival, join, ask }: { arrival?: Arrival; join?: number; ask?: "stands" | "clear" }) => {
    const answer = arrival
      ? history.take(arrival, join)
      : ask === "clear"
        ? history.clear()
        : history.stands();
    answer.then(
      (value) => process.send?.({ value: value ?? null }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  },
);
process.on("disconnect", () => process.exit());
process.send?.({ value: "ready" });
