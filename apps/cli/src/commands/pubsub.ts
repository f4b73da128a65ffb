import type { Command } from "commander";
import { addMethodCommand } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { textOrInput } from "../input.js";
import { renderPage } from "../output/items.js";
import { addCacheCommands } from "./cache.js";

const node = (_options: unknown, [name]: readonly (string | string[] | undefined)[]) => ({ node: name });

/** `name=value` pairs; a name given twice has several values. */
function fields(pairs: readonly string[] | undefined): Record<string, string | string[]> | undefined {
  if (!pairs) return undefined;
  const found: Record<string, string | string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`"${pair}" is not NAME=VALUE`);
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const earlier = found[name];
    found[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return found;
}

const repeatable = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

export function addPubsubCommands(program: Command): void {
  const pubsub = program.command("pubsub").description("Nodes and items, and their cache.");
  addMethodCommand(pubsub, {
    usage: "get <node>",
    method: "ps_items_get",
    without: ["node"],
    prepare: node,
    render: renderPage,
  });
  addMethodCommand(pubsub, {
    usage: "publish <node> [payload]",
    method: "ps_item_publish",
    without: ["node", "payload", "options"],
    extend: (command) => command.option("--option <name=value>", "a publish-option (repeatable)", repeatable),
    prepare: async ({ option }, [name, payload]) => ({
      node: name,
      payload: await textOrInput(payload as string | undefined, "the XML of the payload"),
      options: fields(option as string[] | undefined),
    }),
    render: ({ id }) => `published as ${id}`,
  });
  addMethodCommand(pubsub, {
    usage: "retract <node> <id>",
    method: "ps_item_retract",
    without: ["node", "id"],
    prepare: (_options, [name, id]) => ({ node: name, id }),
    render: () => "retracted",
  });
  addMethodCommand(pubsub, {
    usage: "subscribe <node>",
    method: "ps_subscribe",
    without: ["node"],
    prepare: node,
    render: ({ state }) => state,
  });
  const nodes = pubsub.command("node").description("Nodes of a service.");
  addMethodCommand(nodes, {
    usage: "create [node]",
    method: "ps_node_create",
    without: ["node", "config"],
    extend: (command) =>
      command.option("--config <name=value>", "a field of the node's configuration (repeatable)", repeatable),
    prepare: ({ config }, [name]) => ({ node: name, config: fields(config as string[] | undefined) }),
    render: ({ node: created }) => `created ${created}`,
  });
  addCacheCommands(pubsub);
}
