import { resolve } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { addMethodCommand } from "../command.js";
import { AccountNotOnlineError, UsageError } from "../exit-codes.js";
import { confirmed, readPassword } from "../input.js";
import { table } from "../output/output.js";

const coloured = { online: pc.green, connecting: pc.yellow, failed: pc.red, offline: pc.dim };

/** `larder account add`: adds, connects, and says how that went. */
function addAccountAdd(account: Command): void {
  const command = addMethodCommand(account, {
    usage: "add <jid>",
    method: "account_add",
    without: ["jid", "password"],
    extend: (it) => it.option("--no-wait", "do not wait until the account is online, or say why it is not"),
    prepare: async ({ caFile }, [jid]) => ({
      jid,
      ...(typeof caFile === "string" && { caFile: resolve(caFile) }), // the daemon has another working directory
      password: await readPassword(String(jid)),
    }),
    after: async (client, { account: added }, { wait, autoConnect }) => {
      if (wait === false || autoConnect === false) return;
      await client.call("account_connect", { account: added }).catch((cause: unknown) => {
        throw new AccountNotOnlineError(added, cause);
      });
    },
    render: ({ account: added }, { wait, autoConnect }) =>
      wait === false || autoConnect === false ? `${added} was added` : `${added} was added and is online`,
  });
  command.addHelpText(
    "after",
    "\nAn account that cannot connect stays: mend it with larder account password or edit.",
  );
}

export function addAccountCommands(program: Command): void {
  const account = program.command("account").description("The accounts that the daemon logs in to.");
  addAccountAdd(account);
  addMethodCommand(account, {
    usage: "password <account>",
    method: "account_update",
    without: ["account", "password", "service", "resource", "caFile", "autoConnect"],
    describe:
      "Gives an account another password; it is asked for, or comes from standard input or LARDER_PASSWORD.",
    prepare: async (_options, [name]) => ({ account: name, password: await readPassword(String(name)) }),
    render: () => "the password was changed",
  });
  addMethodCommand(account, {
    usage: "edit <account>",
    method: "account_update",
    without: ["account", "password", "service", "resource", "caFile", "autoConnect"],
    describe: "Changes how an account connects.",
    extend: (command) =>
      command
        .option("--service <url>", "xmpp://host:port or xmpps://host:port; an empty one: by SRV records")
        .option("--resource <name>", "the resource to ask for; an empty one: the server's choice")
        .option(
          "--ca-file <file>",
          "PEM file of a private authority; an empty one: the usual authorities alone",
        )
        .option("--auto-connect", "connect at every start")
        .option("--no-auto-connect", "connect when told alone"),
    prepare: (options, [name]) => {
      const { service, resource, caFile, autoConnect } = options as Record<
        string,
        string | boolean | undefined
      >;
      const orNull = (text: string | boolean | undefined) => (text === "" ? null : text);
      const changes = {
        service: orNull(service),
        resource: orNull(resource),
        caFile: typeof caFile === "string" && caFile !== "" ? resolve(caFile) : orNull(caFile),
        autoConnect,
      };
      if (Object.values(changes).every((change) => change === undefined))
        throw new UsageError("nothing to change: give --service, --resource, --ca-file or --auto-connect");
      return { account: name, ...changes };
    },
    render: () => "changed",
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
