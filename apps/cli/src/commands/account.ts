import { resolve } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { addMethodCommand } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { confirmed, readPassword } from "../input.js";
import { table } from "../output/output.js";

const coloured = { online: pc.green, connecting: pc.yellow, failed: pc.red, offline: pc.dim };

export function addAccountCommands(program: Command): void {
  const account = program.command("account").description("The accounts that the daemon logs in to.");
  addMethodCommand(account, {
    usage: "add <jid>",
    method: "account_add",
    without: ["jid", "password"],
    prepare: async ({ caFile }, [jid]) => ({
      jid,
      ...(typeof caFile === "string" && { caFile: resolve(caFile) }), // the daemon has another working directory
      password: await readPassword(String(jid)),
    }),
    render: ({ account: added }) => `${added} was added`,
  });
  addMethodCommand(account, {
    usage: "list",
    method: "account_list",
    render: ({ accounts }) =>
      accounts.length === 0
        ? "no account yet: larder account add JID"
        : table(
            ["ACCOUNT", "STATE", "CONNECTS", "LAST ERROR"],
            accounts.map((entry) => [
              entry.account,
              entry.state,
              entry.autoConnect ? "by itself" : "when told",
              entry.lastError?.message ?? "",
            ]),
          ).replace(/\b(online|connecting|failed|offline)\b/g, (state) =>
            coloured[state as keyof typeof coloured](state),
          ),
  });
  addMethodCommand(account, {
    usage: "connect [account]",
    method: "account_connect",
    without: ["account"],
    prepare: (_options, [name]) => ({ account: name }),
    render: () => "online",
  });
  addMethodCommand(account, {
    usage: "disconnect [account]",
    method: "account_disconnect",
    without: ["account"],
    prepare: (_options, [name]) => ({ account: name }),
    render: () => "offline",
  });
  addMethodCommand(account, {
    usage: "remove <account>",
    method: "account_remove",
    without: ["account"],
    extend: (command) => command.option("--yes", "do not ask"),
    prepare: async ({ yes, keepData }, [name]) => {
      const what =
        keepData === true
          ? `Remove ${name} (its messages and items are kept)?`
          : `Remove ${name} with all its messages and items?`;
      if (!(await confirmed(what, yes === true))) throw new UsageError("nothing was removed");
      return { account: name };
    },
    render: () => "removed",
  });
  addMethodCommand(program, {
    usage: "roster",
    method: "roster_get",
    render: ({ contacts }) =>
      table(
        ["CONTACT", "NAME", "SUBSCRIPTION", "GROUPS"],
        contacts.map((contact) => [
          contact.jid,
          contact.name ?? "",
          contact.subscription,
          contact.groups.join(", "),
        ]),
      ),
  });
}
