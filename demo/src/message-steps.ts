import type { BridgeClient, BridgeResult } from "@larder/core";
import type { SignalWatch } from "./signals.js";
import { dim, heading, say, strong } from "./tell.js";

type Message = BridgeResult<"message_get">["message"];

const shown = (message: Message) =>
  message.reactions.map(({ emoji, count, mine }) => `${emoji} ${count}${mine ? " (mine)" : ""}`).join("  ") ||
  dim("no reactions");

/** A message goes one way, a reaction the other, is toggled, and both histories show the same. */
export async function talk(
  client: BridgeClient,
  signals: SignalWatch,
  from: string,
  to: string,
): Promise<void> {
  heading(`${from} writes to ${to}, who reacts`);
  const { message: sent } = await client.call("message_send", {
    account: from,
    to,
    body: "Tea at five? 🫖",
    wait: "sent",
  });
  const received = await signals.next("the message", ({ signal, params }) =>
    signal === "message_new" && params.message.account === to ? params.message : undefined,
  );
  say(`${to} has it: ${strong(received.bodies[0]?.text ?? "")}`);
  const react = async (emoji: string) => {
    await client.call("message_reactions_set", {
      account: to,
      uid: received.uid,
      reactions: [emoji],
      updateType: "toggle",
    });
    const update = await signals.next("the reaction", ({ signal, params }) =>
      signal === "message_update" && params.update === "reactions" && params.message.uid === sent.uid
        ? params.message
        : undefined,
    );
    say(`${to} toggles ${emoji}; ${from} sees ${shown(update)}`);
  };
  await react("👍");
  await react("🎉");
  await react("👍");
  const { messages } = await client.call("history_get", { account: from, conversation: to });
  for (const message of messages)
    say(`history: ${message.bodies[0]?.text} (${message.state})  ${shown(message)}`);
  const [last] = messages.slice(-1);
  if (last?.reactions.length !== 1 || last.reactions[0]?.emoji !== "🎉")
    throw new Error("the history does not show the reaction");
}
