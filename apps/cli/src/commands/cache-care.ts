import type { Command } from "commander";
import pc from "picocolors";
import { addMethodCommand } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { confirmed } from "../input.js";
import { localTime, printable, table } from "../output/output.js";
import { readTime } from "../time.js";

const repeatable = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];
const orNull = (values: unknown) =>
  (values as string[] | undefined)?.map((value) => (value === "" ? null : value));

function addExplain(cache: Command): void {
  addMethodCommand(cache, {
    usage: "explain <node>",
    method: "ps_cache_explain",
    without: ["node"],
    prepare: (_options, [node]) => ({ node }),
    render: ({ state, reasons, ...rest }) => {
      const when = (time: string | undefined) => (time === undefined ? undefined : localTime(time));
      const facts: [string, string | undefined][] = [
        ["analyser", rest.analyser],
        ["subscribed", rest.subscribed ? "yes" : "no"],
        ["last read in full", when(rest.lastSync)],
        ["last up to date", when(rest.lastCheck)],
        ["tried again", when(rest.nextRetry)],
        ["looked at again", when(rest.nextCheck)],
        ["last error", rest.lastError?.message],
      ];
      const known = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
      const width = Math.max(...known.map(([name]) => name.length));
      return [
        `${pc.bold(state)}`,
        ...reasons.map((reason) => `- ${printable(reason)}`),
        ...known.map(([name, value]) => `${pc.dim(name.padEnd(width))}  ${printable(value)}`),
      ].join("\n");
    },
  });
}

function addPurge(cache: Command): void {
  addMethodCommand(cache, {
    usage: "purge",
    method: "ps_cache_purge",
    without: ["accounts", "services", "nodes", "types", "subtypes", "createdBefore", "updatedBefore"],
    extend: (command) =>
      command
        .option("--account <jid>", "what this account may read (repeatable)", repeatable)
        .option("--service <jid>", "at this service (repeatable)", repeatable)
        .option("--node <node>", "this node (repeatable)", repeatable)
        .option("--type <type>", "of this type; an empty one finds nodes without (repeatable)", repeatable)
        .option(
          "--subtype <subtype>",
          "of this subtype; an empty one finds nodes without (repeatable)",
          repeatable,
        )
        .option("--created-before <time>", "only items created before: 2026-01-31, 30d …")
        .option("--updated-before <time>", "only items last changed before: 2026-01-31, 30d …")
        .option("--yes", "do not ask"),
    prepare: async (options) => {
      const time = (name: string, flag: string) =>
        options[name] === undefined ? undefined : readTime(String(options[name]), flag);
      const filter = {
        accounts: options.account,
        services: options.service,
        nodes: options.node,
        types: orNull(options.type),
        subtypes: orNull(options.subtype),
        createdBefore: time("createdBefore", "--created-before"),
        updatedBefore: time("updatedBefore", "--updated-before"),
      };
      if (Object.values(filter).every((value) => value === undefined))
        throw new UsageError("give at least one filter; `larder pubsub cache reset` empties the whole cache");
      if (!(await confirmed("Remove these from the cache (their services keep them)?", options.yes === true)))
        throw new UsageError("nothing was removed");
      return filter;
    },
    render: ({ deleted }) => `${deleted} items removed from the cache`,
  });
}

function addReset(cache: Command): void {
  addMethodCommand(cache, {
    usage: "reset",
    method: "ps_cache_reset",
    extend: (command) => command.option("--yes", "do not ask"),
    prepare: async ({ yes }) => {
      if (!(await confirmed("Empty the whole cache (the services keep everything)?", yes === true)))
        throw new UsageError("nothing was removed");
      return {};
    },
    render: ({ nodes, items }) => `${items} items in ${nodes} nodes removed; the cache fills again as if new`,
  });
}

function addNodes(cache: Command): void {
  addMethodCommand(cache, {
    usage: "nodes",
    method: "ps_cache_nodes",
    render: ({ nodes }) =>
      nodes.length === 0
        ? "nothing is kept yet: the first read of a node that an analyser knows starts it"
        : table(
            ["SERVICE", "NODE", "TYPE", "STATE", "ITEMS", "SYNCHRONISED", "ERROR"],
            nodes.map((entry) => [
              entry.service,
              entry.node,
              [entry.type, entry.subtype].filter(Boolean).join("/"),
              entry.state,
              String(entry.items),
              entry.lastSync ? localTime(entry.lastSync) : "",
              entry.lastError?.message ?? "",
            ]),
          ),
  });
}

/** Commands that tell how the cache stands, and take things out of it. */
export function addCacheCareCommands(cache: Command): void {
  addNodes(cache);
  addExplain(cache);
  addPurge(cache);
  addReset(cache);
}
