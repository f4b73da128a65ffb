import type { BridgeResult } from "@larder/core/bridge";
import pc from "picocolors";
import { localTime, printable } from "./output.js";

type Message = BridgeResult<"message_get">["message"];
type Change = BridgeResult<"reactions_log_get">["changes"][number];

function textOf(message: Message): string {
  if (message.retracted) return pc.dim("(retracted)");
  const body = message.bodies[0]?.text;
  if (message.encrypted && body === undefined) return pc.dim("(encrypted)");
  return printable(body ?? message.subjects[0]?.text ?? "");
}

/** One message for a person: when, who, what, and the reactions below. */
export function renderMessage(message: Message): string {
  const who =
    message.direction === "out" ? pc.cyan("me") : pc.green(printable(message.nick ?? message.conversation));
  const state = message.direction === "out" && message.state ? pc.dim(` (${message.state})`) : "";
  const head = `${pc.dim(localTime(message.timestamp))}  ${who}${state}  ${pc.dim(message.uid)}`;
  const body = textOf(message)
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  const reactions = message.reactions
    .map(({ emoji, count, mine }) => `${emoji} ${count}${mine ? " (me)" : ""}`)
    .join("   ");
  const failure = message.error ? `\n    ${pc.red(printable(message.error.message))}` : "";
  return `${head}\n${body}${failure}${reactions === "" ? "" : `\n    ${reactions}`}`;
}

/** Who reacted, for a person. */
export const shownSender = ({ self, nick, jid, id }: Change["sender"]): string =>
  self ? "me" : printable(nick ?? jid ?? id);

/** What somebody has added to their reactions and taken away. */
export const shownDifference = ({ added, removed }: Pick<Change, "added" | "removed">): string =>
  [...added.map((emoji) => `+${emoji}`), ...removed.map((emoji) => `-${emoji}`)].join(" ");
