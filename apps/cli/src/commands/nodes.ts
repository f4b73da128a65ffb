import type { Command } from "commander";
import { addMethodCommand } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { formFields } from "../form-fields.js";
import { confirmed } from "../input.js";

const repeatable = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

/** `larder pubsub node …` */
export function addNodeCommands(pubsub: Command): void {
  const nodes = pubsub.command("node").description("Nodes of a service.");
  const withConfig = (command: Command) =>
    command.option("--config <name=value>", "a field of the node's configuration (repeatable)", repeatable);
  addMethodCommand(nodes, {
    usage: "create [node]",
    method: "ps_node_create",
    without: ["node", "config"],
    extend: withConfig,
    prepare: ({ config }, [name]) => ({ node: name, config: formFields(config as string[] | undefined) }),
    render: ({ node: created }) => `created ${created}`,
  });
  addMethodCommand(nodes, {
    usage: "configure <node>",
    method: "ps_node_configure",
    without: ["node", "config"],
    extend: withConfig,
    prepare: ({ config }, [name]) => {
      const fields = formFields(config as string[] | undefined);
      if (!fields) throw new UsageError("give the fields to change: --config pubsub#max_items=100");
      return { node: name, config: fields };
    },
    render: ({ node: configured }) => `configured ${configured}`,
  });
  for (const [verb, method, question, done] of [
    ["delete", "ps_node_delete", "with all its items and subscriptions, for everybody", "deleted"],
    ["purge", "ps_node_purge", "of all its items, for everybody", "purged"],
  ] as const) {
    addMethodCommand(nodes, {
      usage: `${verb} <node>`,
      method,
      without: ["node"],
      extend: (command) => command.option("--yes", "do not ask"),
      prepare: async ({ yes }, [name]) => {
        const what = `${verb === "delete" ? "Delete" : "Purge"} ${name} ${question}?`;
        if (!(await confirmed(what, yes === true))) throw new UsageError(`nothing was ${done}`);
        return { node: name };
      },
      render: () => done,
    });
  }
}
