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

/** Who said it, and to whom where that is not us alone. */
function partiesOf({ direction, nick, conversation }: Message): string {
  const where = printable(conversation);
  if (direction === "out") return `${pc.cyan("me")} ${pc.dim("to")} ${where}`;
  return nick === undefined ? pc.green(where) : `${pc.green(printable(nick))} ${pc.dim("in")} ${where}`;
}

/** How far it got, and what it is to other messages. */
function marksOf({ direction, state, edited, replyTo }: Message): string {
  const marks = [
    direction === "out" ? state : undefined,
    edited && "corrected",
    replyTo && `answers ${replyTo.uid ?? "a message that is not here"}`,
  ].filter(Boolean);
  return marks.length === 0 ? "" : pc.dim(` (${marks.join(", ")})`);
}

/** One message for a person: when, who, what, and the reactions below. */
export function renderMessage(message: Message): string {
  const head = `${pc.dim(localTime(message.timestamp))}  ${partiesOf(message)}${marksOf(message)}  ${pc.dim(message.uid)}`;
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
