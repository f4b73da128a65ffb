import { saysTheSame, type WireItem } from "@larder/core";
import {
  fitsKey,
  type ItemInput,
  type KnownItem,
  type PreparedItem,
  type StoredText,
  textOf,
} from "@larder/storage";
import type { NodeAddress } from "./account.js";
import { type Analyser, parserName, parserOf } from "./analysers/analyser.js";
import { searchableText } from "./item-text.js";
import type { ParseOutcome, ParseRequest, ParserModule } from "./parser-pool/index.js";

/** What the cache needs of a parser pool. */
export interface ItemParser {
  parse(parser: ParserModule, batch: readonly ParseRequest[]): Promise<ParseOutcome[]>;
  /** The same with texts as bytes, where the pool has them so. */
  parseForStorage?(parser: ParserModule, batch: readonly ParseRequest[]): Promise<ParseOutcome<StoredText>[]>;
  /** Makes items without a parser ready for searches; without it, and where it gives none, the store does that. */
  prepare?(batch: readonly { xml: string }[]): Promise<(PreparedItem | undefined)[]>;
}

/** An item about to be stored: one that says what is stored already keeps its text and time. */
export interface ItemToStore extends WireItem {
  readonly created?: Date;
  readonly updated?: Date;
}

/** Those of a page that say something new to the store, or that another parser has parsed, as they are to be stored. */
export function changedItems(
  items: readonly WireItem[],
  known: ReadonlyMap<string, KnownItem>,
  analyser: Analyser | undefined,
): ItemToStore[] {
  const parser = parserName(analyser);
  return items
    .map((item) => withStored(item, known.get(item.id)))
    .filter(({ id, xml }) => {
      const stored = known.get(id);
      return stored?.xml !== xml || stored.parser !== parser;
    });
}

/**
 * An item as it is to be stored beside what is stored of it. Where it says the same, the stored text stays; but a
 * publisher that was not known yet comes in with it, without making a new version of the item.
 */
export function withStored(item: WireItem, stored: KnownItem | undefined): ItemToStore {
  if (!stored || !saysTheSame(stored, item)) return item;
  const learnt = stored.publisher === undefined && item.publisher !== undefined;
  const { xml, publisher } = learnt ? item : stored;
  return { ...item, xml, publisher, updated: stored.updated };
}

/** True if an item that is about to be stored differs from the stored one, and so has to be logged. */
export const isNews = (item: Pick<WireItem, "xml" | "publisher">, stored: KnownItem | undefined): boolean =>
  !stored || !saysTheSame(stored, item);

/** What came of one item: its parsed data or why there is none, and what searches need of it. */
type ParsedItem = {
  readonly parsedJson?: StoredText;
  readonly parseError?: string;
  /** The parser was not asked, because it is suspended. */
  readonly temporary?: true;
} & (
  | { readonly prepared: PreparedItem; readonly text?: undefined }
  | { readonly prepared?: undefined; readonly text: string }
);

/** An item as it is given to a parser; one without a time is made now. */
interface ParsableItem {
  readonly xml: string;
  readonly publisher?: string;
  readonly created?: Date;
}

/** Parses items in the pool, one result for each, in their order. */
export async function parsedItems(
  pool: ItemParser,
  address: NodeAddress,
  subtype: string | undefined,
  parser: ParserModule | undefined,
  items: readonly ParsableItem[],
): Promise<ParsedItem[]> {
  const now = new Date();
  const requests = parser
    ? items.map(({ xml, publisher, created = now }) => ({
        ...address,
        xml,
        subtype,
        publisher,
        created: created.toISOString(),
      }))
    : [];
  const outcomes: ParseOutcome<StoredText>[] = parser
    ? await (pool.parseForStorage?.(parser, requests) ?? pool.parse(parser, requests))
    : [];
  const unparsed = parser ? [] : ((await pool.prepare?.(items)) ?? []);
  return items.map(({ xml }, index) => {
    const outcome = outcomes[index];
    const parsedJson = outcome?.ok ? outcome.json : undefined;
    const prepared = outcome?.prepared ?? unparsed[index];
    const value =
      parsedJson === undefined || prepared ? undefined : (JSON.parse(textOf(parsedJson)) as unknown);
    return {
      parsedJson,
      ...(outcome && !outcome.ok && { parseError: outcome.error, temporary: outcome.temporary }),
      ...(prepared ? { prepared } : { text: searchableText(xml, value) }),
    };
  });
}

/**
 * Makes items ready to be stored: parsed in the pool, with the text to search. An item that its parser
 * refuses is kept without parsed data, with the error beside it.
 */
export async function prepareItems(
  pool: ItemParser,
  address: NodeAddress,
  subtype: string | undefined,
  analyser: Analyser | undefined,
  items: readonly ItemToStore[],
): Promise<ItemInput[]> {
  if (items.length === 0) return [];
  const parsed = await parsedItems(pool, address, subtype, parserOf(analyser), items);
  return parsed.map(({ temporary, ...result }, index): ItemInput => {
    const { id = "", publisher, xml = "", created, updated } = items[index] ?? {};
    // One that was not asked has not parsed it: whoever looks for such items finds it.
    const parser = temporary ? undefined : parserName(analyser);
    return { itemId: id, publisher, xml, created, updated, ...result, parser };
  });
}

/** A page may hold the same id twice; the later one is what the service has. */
export function withoutRepeats(items: readonly WireItem[]): WireItem[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}

/** Those whose ids the store can keep; `onDropped` is given the others. */
export function withKeepableIds(
  items: readonly WireItem[],
  onDropped: (items: readonly WireItem[]) => void,
): WireItem[] {
  const keepable = items.filter(({ id }) => fitsKey(id));
  if (keepable.length < items.length) onDropped(items.filter(({ id }) => !fitsKey(id)));
  return keepable;
}
