import type { Parser } from "../parsers/parser.js";
import { loadParser, notLoaded, parseItem, prepareText } from "./parse-item.js";
import type { ParseOutcome, ParseRequest, ParserModule } from "./protocol.js";

/** Runs trivial parsers in this thread: a nickname is not worth a message to another one. */
export class InlineParsers {
  readonly #loaded = new Map<string, Promise<Parser>>();

  constructor(private readonly maxResultBytes: number) {}

  /** One outcome for each item, in their order; a parser that throws costs its item. */
  async parse(module: ParserModule, items: readonly ParseRequest[]): Promise<ParseOutcome[]> {
    let parser: Parser;
    try {
      parser = await this.#load(module);
    } catch (error) {
      const reason = notLoaded(error);
      return items.map(({ xml }) => ({ ok: false, error: reason, prepared: prepareText(xml) }));
    }
    const outcomes: ParseOutcome[] = [];
    for (const item of items) outcomes.push(await parseItem(parser, item, this.maxResultBytes));
    return outcomes;
  }

  #load(module: ParserModule): Promise<Parser> {
    const key = JSON.stringify([module.module, module.version]);
    const loaded = this.#loaded.get(key) ?? loadParser(module);
    this.#loaded.set(key, loaded);
    return loaded;
  }
}
