import type { BridgeResult } from "@larder/core/bridge";
import pc from "picocolors";
import { excerpt, localTime, printable, table } from "./output.js";

type Item = BridgeResult<"ps_cache_search">["items"][number];
type Page = BridgeResult<"ps_items_get">;

const field = (item: Item, name: string): unknown =>
  item.parsed !== null && typeof item.parsed === "object"
    ? (item.parsed as Record<string, unknown>)[name]
    : undefined;

function titleOf(item: Item): string {
  for (const name of ["title", "text", "name", "nick"]) {
    const value = field(item, name);
    if (typeof value === "string" && value !== "") return value;
  }
  // Unparsed: what stands between the tags.
  return (item.xml ?? "").replace(/<[^>]*>/g, " ");
}

/** What is attached to an item: who noticed it, reactions. */
function attachedTo({ attachments }: Item): string {
  if (!attachments) return "";
  const { noticed, reactions } = attachments;
  const seen = noticed.count === 0 ? [] : [`noticed ${noticed.count}${noticed.mine ? " (me)" : ""}`];
  return [
    ...seen,
    ...reactions.map(({ emoji, count, mine }) => `${emoji} ${count}${mine ? " (me)" : ""}`),
  ].join("  ");
}

/** Items for a person, a line each. */
export function renderItems(items: readonly Item[]): string {
  const counted = items.some(({ attachments }) => attachments !== undefined);
  return table(
    ["ID", "DATE", "TITLE", ...(counted ? ["ATTACHED"] : [])],
    items.map((item) => {
      const published = field(item, "published");
      return [
        excerpt(item.id, 40),
        localTime(typeof published === "string" ? published : item.updated),
        excerpt(titleOf(item), counted ? 40 : 70),
        ...(counted ? [attachedTo(item)] : []),
      ];
    }),
  );
}

/** A page with where it came from and how to go on. */
export function renderPage(page: Page): string {
  const from = page.stale
    ? "the cache (may be out of date)"
    : page.source === "cache"
      ? "the cache"
      : "the service";
  const count = page.rsm?.count === undefined ? "" : ` of ${page.rsm.count}`;
  const next =
    page.complete || !page.rsm ? "" : `\nmore: --rsm '${JSON.stringify({ after: page.rsm.last })}'`;
  const { tooLongIds = 0, tooLarge = 0 } = page.leftOut ?? {};
  const missing = [
    ...(tooLongIds > 0 ? [`${tooLongIds} with too long an id`] : []),
    ...(tooLarge > 0 ? [`${tooLarge} too large or nested too deep`] : []),
  ];
  const lacks = missing.length > 0 ? `\nleft out: ${missing.join(", ")}` : "";
  return `${renderItems(page.items)}\n${pc.dim(`${page.items.length}${count} items from ${from}${lacks}${next}`)}`;
}

/** The columns that the caller named, from the item and its parsed data. */
export function renderColumns(items: readonly Item[], keys: readonly string[]): string {
  const cell = (item: Item, key: string) => {
    const path = key.split(".");
    const root: unknown = String(path[0]) in item ? item : item.parsed;
    const value = path.reduce<unknown>(
      (at, step) =>
        at !== null && typeof at === "object" ? (at as Record<string, unknown>)[step] : undefined,
      root,
    );
    return value === undefined ? "" : typeof value === "string" ? printable(value) : JSON.stringify(value);
  };
  return table(
    keys.map((key) => key.toUpperCase()),
    items.map((item) => keys.map((key) => cell(item, key))),
  );
}
