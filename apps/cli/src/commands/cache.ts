import type { BridgeParams } from "@larder/core/bridge";
import type { Command } from "commander";
import pc from "picocolors";
import { addMethodCommand, outputOf, withClient } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { renderColumns, renderItems, renderPage } from "../output/items.js";
import { SyncDisplay } from "../output/sync-display.js";
import { addCacheCareCommands } from "./cache-care.js";

type Search = BridgeParams<"ps_cache_search">;
type Path = (string | number)[];

const repeatable = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];
const orders = ["creation", "modification", "itemId", "rank"] as const;

/** JSON where it is JSON, else the text itself. */
function value(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A path: keys with dots between them, digits being array indexes; or a JSON list, for keys of any form. */
export function readPath(text: string): Path {
  const parsed = text.startsWith("[")
    ? value(text)
    : text.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  if (Array.isArray(parsed)) return parsed as Path;
  throw new UsageError(`"${text}" is not a path: write key.key or ["key", 0]`);
}

/** `--field PATH OP VALUE`, any number of times. */
export function readConditions(words: readonly string[] | undefined): Search["parsed"] {
  if (!words) return undefined;
  if (words.length % 3 !== 0)
    throw new UsageError("--field takes PATH OP VALUE, for example --field tags overlap '[\"xmpp\"]'");
  const conditions = [];
  for (let at = 0; at < words.length; at += 3) {
    const [path = "", op = "", operand = ""] = words.slice(at, at + 3);
    conditions.push({ path: readPath(path), op, value: value(operand) });
  }
  return conditions as Search["parsed"];
}

/**
 * `ORDER[:asc|desc]`, where ORDER is one of the known ones or a path; a path with a colon is written as a JSON list.
 *
 * @throws {UsageError} what stands behind the colon is no direction
 */
export function readOrder(text: string): NonNullable<Search["orderBy"]>[number] {
  const colon = text.startsWith("[") ? text.indexOf(":", text.lastIndexOf("]")) : text.indexOf(":");
  const what = colon < 0 ? text : text.slice(0, colon);
  const direction = colon < 0 ? undefined : text.slice(colon + 1);
  if (direction !== undefined && direction !== "asc" && direction !== "desc")
    throw new UsageError(
      `--order-by ${text}: "${direction}" is no direction; write ${what}:asc or ${what}:desc`,
    );
  const known = orders.find((order) => order === what);
  return { ...(known ? { order: known } : { path: readPath(what) }), ...(direction && { direction }) };
}

function addSearch(cache: Command): void {
  addMethodCommand(cache, {
    usage: "search",
    method: "ps_cache_search",
    without: [
      "accounts",
      "services",
      "nodes",
      "types",
      "subtypes",
      "ids",
      "parsed",
      "orderBy",
      "withPayload",
    ],
    extend: (command) =>
      command
        .option("--account <jid>", "what this account may read (repeatable)", repeatable)
        .option("--service <jid>", "at this service (repeatable)", repeatable)
        .option("--node <node>", "in this node (repeatable)", repeatable)
        .option("--type <type>", "of this type; an empty one finds nodes without (repeatable)", repeatable)
        .option(
          "--subtype <subtype>",
          "of this subtype; an empty one finds nodes without (repeatable)",
          repeatable,
        )
        .option("--id <id>", "with this id (repeatable)", repeatable)
        .option("--field <path-op-value...>", "PATH OP VALUE: a condition on the parsed data (repeatable)")
        .option(
          "--order-by <order>",
          "creation, modification, itemId, rank or a path; :asc or :desc behind it (repeatable)",
          repeatable,
        )
        .option("--payload", "show the XML too")
        .option("--key <path>", "show this column (repeatable)", repeatable),
    prepare: (options) => {
      const list = (name: string) => options[name] as string[] | undefined;
      const orNull = (name: string) => list(name)?.map((entry) => (entry === "" ? null : entry));
      return {
        accounts: list("account"),
        services: list("service"),
        nodes: list("node"),
        types: orNull("type"),
        subtypes: orNull("subtype"),
        ids: list("id"),
        parsed: readConditions(list("field")),
        orderBy: list("orderBy")?.map(readOrder),
        withPayload: options.payload === true || undefined,
      };
    },
    render: ({ items, total }, options) => {
      const keys = options.key as string[] | undefined;
      const found = keys ? renderColumns(items, keys) : renderItems(items);
      const payloads = options.payload === true ? `\n${items.map(({ xml }) => xml).join("\n")}` : "";
      return `${found}${payloads}\n${pc.dim(`${items.length}${total === undefined ? "" : ` of ${total}`} found`)}`;
    },
  });
}

function addSync(cache: Command): void {
  const command = cache
    .command("sync <node>")
    .description("Synchronises a node in full; ends when it is done.")
    .option("--account <jid>", "the account's bare JID")
    .option("--service <jid>", "the JID that hosts the node; by default the account's own");
  command.action(async (node: string, { account, service }: { account?: string; service?: string }) => {
    const out = outputOf(command);
    await withClient(async (client) => {
      const display = out.json ? undefined : new SyncDisplay(node);
      client.onSignal((signal) => {
        if (signal.signal === "ps_cache_progress" && signal.params.node === node)
          display?.update(signal.params);
      });
      if (display) await client.call("signals_subscribe", { signals: ["ps_cache_progress"] });
      try {
        const result = await client.call("ps_cache_sync", { account, service, node });
        display?.end();
        out.result(result, () => `${result.node.node}: ${result.node.items} items, ${result.node.state}`);
      } finally {
        display?.end();
      }
    });
  });
}

/** `larder pubsub cache …` */
export function addCacheCommands(pubsub: Command): void {
  const cache = pubsub.command("cache").description("What is kept of pubsub.");
  addMethodCommand(cache, {
    usage: "get <node>",
    method: "ps_cache_get",
    without: ["node"],
    prepare: (_options, [node]) => ({ node }),
    render: renderPage,
  });
  addSync(cache);
  addSearch(cache);
  addCacheCareCommands(cache);
  addMethodCommand(cache, {
    usage: "reparse",
    method: "ps_cache_reparse",
    render: ({ items }) => `${items} items were parsed again`,
  });
}
