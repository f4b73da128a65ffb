import type { XmlElement } from "@larder/core";
import parse from "ltx/lib/parse.js";
import type { Parser, ParserContext, ParserItem } from "../parsers/parser.js";
import { describeError } from "./describe-error.js";
import { normaliseJson } from "./normalise-json.js";
import { LOADING, Progress } from "./progress.js";
import type { ParseOutcome, ParseRequest, ParserTask } from "./protocol.js";

/**
 * The entry point of the pool's worker threads: parses the items of a task one after the other. It loads neither
 * core nor storage, so that a thread is there quickly.
 */
export default async function runTask(task: ParserTask): Promise<ParseOutcome[]> {
  const progress = new Progress(task.progress);
  progress.begin(LOADING);
  let parser: Parser;
  try {
    parser = await load(task);
  } catch (error) {
    const outcome = { ok: false, error: `the parser cannot be loaded: ${describeError(error)}` } as const;
    return task.items.map(() => outcome);
  }
  const outcomes: ParseOutcome[] = [];
  for (const [index, request] of task.items.entries()) {
    progress.begin(index);
    outcomes.push(await parseOne(parser, request, task.maxResultBytes));
  }
  return outcomes;
}

async function load({ module, version }: ParserTask): Promise<Parser> {
  const url = new URL(module);
  url.searchParams.set("version", version); // a module is loaded once for each URL
  const { default: parser } = (await import(url.href)) as { default?: unknown };
  if (typeof parser !== "function") throw new TypeError("the module has no function as its default export");
  return parser as Parser;
}

async function parseOne(parser: Parser, request: ParseRequest, maxBytes: number): Promise<ParseOutcome> {
  try {
    const { xml, ...context } = request;
    const value = await parser(readItem(xml, context), context);
    return { ok: true, json: normaliseJson(value, maxBytes) };
  } catch (error) {
    return { ok: false, error: describeError(error) };
  }
}

function readItem(xml: string, context: ParserContext): ParserItem {
  const item = parse(xml) as XmlElement | null; // null: the text ends before the element does
  if (item?.getName() !== "item") throw new Error("this is no pubsub item");
  const [payload] = item.getChildElements();
  if (!payload) throw new Error("the item has no payload");
  const publisher = item.attrs.publisher ?? context.publisher;
  return { id: item.attrs.id ?? "", xml, payload, ...(publisher !== undefined && { publisher }) };
}
