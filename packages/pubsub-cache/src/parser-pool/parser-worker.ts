import { pack } from "./packing.js";
import { loadParser, notLoaded, parseItem, prepareText } from "./parse-item.js";
import { LOADING, Progress } from "./progress.js";
import type { PackedOutcomes, ParseOutcome, ParserTask } from "./protocol.js";

/**
 * The entry point of the pool's worker threads: parses the items of a task one after the other. It loads neither
 * core nor the database, so that a thread is there quickly.
 *
 * Without a module the items are made ready for searches only: their outcomes have the JSON of null.
 */
export default async function runTask(task: ParserTask): Promise<PackedOutcomes> {
  const progress = new Progress(task.progress);
  progress.begin(LOADING);
  const work = await workOf(task);
  const outcomes: ParseOutcome[] = [];
  for (const [index, request] of task.items.entries()) {
    progress.begin(index);
    outcomes.push(await work(request));
  }
  return pack(outcomes);
}

type Work = (request: ParserTask["items"][number]) => ParseOutcome | Promise<ParseOutcome>;

async function workOf({ module, version, maxResultBytes }: ParserTask): Promise<Work> {
  if (module === undefined) return ({ xml }) => ({ ok: true, json: "null", prepared: prepareText(xml) });
  try {
    const parser = await loadParser({ module, version });
    return (request) => parseItem(parser, request, maxResultBytes);
  } catch (error) {
    const reason = notLoaded(error);
    return ({ xml }) => ({ ok: false, error: reason, prepared: prepareText(xml) });
  }
}
