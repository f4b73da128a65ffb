import { password as ask, confirm, isCancel } from "@clack/prompts";
import { UsageError } from "./exit-codes.js";

/** Everything on standard input, as UTF-8. */
export async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * A text that may be left out on the command line and then comes from standard input.
 *
 * @throws {UsageError} it is left out and nobody could type it
 */
export async function textOrInput(given: string | undefined, what: string): Promise<string> {
  if (given !== undefined) return given;
  if (process.stdin.isTTY) throw new UsageError(`give ${what} as an argument or on standard input`);
  const text = (await standardInput()).replace(/\r?\n$/, "");
  if (text === "") throw new UsageError(`${what} is empty`);
  return text;
}

/** A password: LARDER_PASSWORD, or the first line of standard input, or asked for; never an argument, which others can see. */
export async function readPassword(jid: string): Promise<string> {
  return process.env.LARDER_PASSWORD || readRoomPassword(jid);
}

/** The password of a room, asked for or from standard input. */
export async function readRoomPassword(jid: string): Promise<string> {
  if (process.stdin.isTTY) {
    const answer = await ask({ message: `Password of ${jid}` });
    if (isCancel(answer) || !answer) throw new UsageError("no password was given");
    return answer;
  }
  const [line = ""] = (await standardInput()).split(/\r?\n/);
  if (line === "") throw new UsageError("no password: set LARDER_PASSWORD, or give it on standard input");
  return line;
}

/** Asks before something is destroyed; without a terminal only `--yes` allows it. */
export async function confirmed(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new UsageError(`${question} Say so with --yes.`);
  const answer = await confirm({ message: question, initialValue: false });
  return answer === true;
}
