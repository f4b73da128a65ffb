import type { BridgeResult } from "@larder/core/bridge";
import pc from "picocolors";
import { excerpt, localTime, printable } from "./output.js";

type Message = BridgeResult<"message_get">["message"];
type BriefMessage = Pick<Message, "retracted" | "bodies" | "attachments" | "invitation">;
type Change = BridgeResult<"reactions_log_get">["changes"][number];

function textOf(message: Message): string {
  if (message.retracted) return pc.dim("(retracted)");
  const body = message.bodies[0]?.text || undefined;
  if (message.encrypted && body === undefined) return pc.dim("(encrypted)");
  return printable(body ?? message.subjects[0]?.text ?? "");
}

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** A size in bytes, for a person. */
function shownSize(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${value >= 10 || power === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** Files and invitation of a message, a line each. */
function carriedBy({ attachments = [], invitation, bodies }: Message): string[] {
  const files = attachments.map(({ url, name, size, type }) => {
    const about = [size === undefined ? undefined : shownSize(size), type].filter(Boolean).join(", ");
    const address = bodies.some(({ text }) => text.trim() === url) ? "" : url;
    return ["file:", name, about && `(${about})`, address].filter(Boolean).join(" ");
  });
  if (!invitation) return files.filter((line) => line !== "file:");
  const { room, inviter, reason } = invitation;
  const by = inviter === undefined ? "" : ` by ${inviter}`;
  return [...files, `invitation into ${room}${by}${reason === undefined ? "" : `: ${reason}`}`];
}

/** Text of a message, or else a description of its files or invitation, in one line of at most this many characters. */
export function briefly(message: BriefMessage, length: number): string {
  const { retracted, bodies, attachments, invitation } = message;
  if (retracted !== undefined) return "(retracted)";
  const [file] = attachments ?? [];
  const carried = file
    ? `file: ${file.name ?? file.url}`
    : invitation && `invitation into ${invitation.room}`;
  return excerpt(bodies[0]?.text || (carried ?? ""), length);
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
  const body = [textOf(message), ...carriedBy(message).map(printable)]
    .filter((text) => text !== "")
    .join("\n")
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
