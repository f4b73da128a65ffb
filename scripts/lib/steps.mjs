const colour = process.stdout.isTTY && process.stdout.hasColors();
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

/** A failure that a person can act on: told in one line, without a stack. */
export class Remedy extends Error {}

/** How long something took, for people: `0.4 s`, `75 s`. */
export function seconds(ms) {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/**
 * Does one thing and tells it in one line with its time. `work` may return a note for that line, for example
 * "nothing changed".
 */
export async function step(name, work) {
  const start = Date.now();
  try {
    const note = await work();
    const took = seconds(Date.now() - start);
    console.log(
      `${paint(32, "ok")}    ${name}${typeof note === "string" ? ` (${note})` : ""} ${paint(2, took)}`,
    );
  } catch (error) {
    console.log(`${paint(31, "FAIL")}  ${name} ${paint(2, seconds(Date.now() - start))}`);
    throw error;
  }
}

/** Runs a script's main function; a failure is printed with what the failing command said. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof Remedy) console.error(error.message);
    else if (typeof error?.output === "string") console.error(`${error.output.trimEnd()}\n${error.message}`);
    else console.error(error);
    process.exitCode = 1;
  }
}
