import type { Command } from "commander";
import { addMethodCommand } from "../command.js";
import { formFields } from "../form-fields.js";
import { textOrInput } from "../input.js";
import { renderPage } from "../output/items.js";
import { table } from "../output/output.js";
import { addUpdateOptions, reactionsFrom, updateFrom } from "../reaction-options.js";
import { addCacheCommands } from "./cache.js";
import { addNodeCommands } from "./nodes.js";

const node = (_options: unknown, [name]: readonly (string | string[] | undefined)[]) => ({ node: name });

/** What we have attached to an item. */
const renderAttached = ({ noticed, reactions }: { noticed: boolean; reactions: string[] }) =>
  [noticed ? "noticed" : "", reactions.join(" ")].filter((part) => part !== "").join("  ") ||
  "nothing attached";

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
      options: formFields(option as string[] | undefined),
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
    usage: "react <node> <id> [emojis...]",
    method: "ps_item_reactions_set",
    without: ["node", "id", "reactions", "updateType"],
    extend: addUpdateOptions,
    prepare: (options, [name, id, emojis]) => ({ node: name, id, ...reactionsFrom(options, emojis) }),
    render: renderAttached,
  });
  addMethodCommand(pubsub, {
    usage: "noticed <node> <id>",
    method: "ps_item_noticed_set",
    without: ["node", "id", "noticed", "updateType"],
    extend: addUpdateOptions,
    prepare: (options, [name, id]) => ({ node: name, id, updateType: updateFrom(options) ?? "replace" }),
    render: renderAttached,
  });
  addMethodCommand(pubsub, {
    usage: "subscribe <node>",
    method: "ps_subscribe",
    without: ["node"],
    prepare: node,
    render: ({ state }) => state,
  });
  addMethodCommand(pubsub, {
    usage: "unsubscribe <node>",
    method: "ps_unsubscribe",
    without: ["node"],
    prepare: node,
    render: ({ state }) => state,
  });
  addMethodCommand(pubsub, {
    usage: "subscriptions",
    method: "ps_subscriptions_get",
    render: ({ subscriptions }) =>
      subscriptions.length === 0
        ? "no subscription"
        : table(
            ["SERVICE", "NODE", "STATE"],
            subscriptions.map((entry) => [entry.service, entry.node, entry.state]),
          ),
  });
  addNodeCommands(pubsub);
  addCacheCommands(pubsub);
}
