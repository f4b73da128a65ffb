import type { Command } from "commander";
import { UsageError } from "./exit-codes.js";

const updates = ["add", "remove", "toggle", "replace"] as const;
type Update = (typeof updates)[number];

/** The options that say how a set of reactions is changed. */
export const addUpdateOptions = (command: Command): Command =>
  command
    .option("--add", "add them")
    .option("--remove", "take them away")
    .option("--toggle", "add those that are not there, take away those that are")
    .option("--replace", "make them the whole set (default); without any, take all away");

/** @throws {UsageError} two of them at once */
export function updateFrom(options: Readonly<Record<string, unknown>>): Update | undefined {
  const given = updates.filter((update) => options[update] === true);
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]} exclude each other`);
  return given[0];
}

/**
 * Emojis and what to do with them, as the methods take them.
 *
 * @throws {UsageError} no emoji where one is needed
 */
export function reactionsFrom(
  options: Readonly<Record<string, unknown>>,
  emojis: string | readonly string[] | undefined,
): { reactions: readonly string[]; updateType: Update } {
  const update = updateFrom(options);
  const reactions = typeof emojis === "string" ? [emojis] : (emojis ?? []);
  if (reactions.length === 0 && update !== "replace")
    throw new UsageError(
      update ? `--${update} needs an emoji` : "give an emoji; to take all yours away, say --replace",
    );
  return { reactions, updateType: update ?? "replace" };
}
