import type { Command } from "commander";
import { addMethodCommand } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { confirmed, textOrInput } from "../input.js";
import { briefly, renderMessage, shownDifference, shownSender } from "../output/messages.js";
import { localTime, table } from "../output/output.js";
import { addUpdateOptions, reactionsFrom } from "../reaction-options.js";

export function addMessageCommands(program: Command): void {
  addMethodCommand(program, {
    usage: "send <to> [body]",
    method: "message_send",
    without: ["to", "body", "bodies"],
    prepare: async (_options, [to, body]) => ({
      to,
      body: await textOrInput(body as string | undefined, "the message"),
    }),
    render: ({ message }) => renderMessage(message),
  });
  addMethodCommand(program, {
    usage: "history [with]",
    method: "history_get",
    without: ["conversation"],
    prepare: (_options, [conversation]) => ({ conversation }),
    render: ({ messages }) => messages.map(renderMessage).join("\n"),
  });
  addMethodCommand(program, {
    usage: "conversations",
    method: "conversations_list",
    render: ({ conversations }) =>
      table(
        ["CONVERSATION", "UNREAD", "LAST", "SAID"],
        conversations.map(({ conversation, name, unread, last }) => [
          name === undefined ? conversation : `${name} <${conversation}>`,
          unread === 0 ? "" : String(unread),
          localTime(last.timestamp),
          briefly(last, 50),
        ]),
      ),
  });
  addMethodCommand(program, {
    usage: "sync [with]",
    method: "history_sync",
    without: ["conversation"],
    prepare: (_options, [conversation]) => ({ conversation }),
    render: ({ received, complete }) =>
      `${received} new ${received === 1 ? "message" : "messages"}${complete ? "" : ", and some are still missing"}`,
  });
  addMethodCommand(program, {
    usage: "correct <uid> [body]",
    method: "message_correct",
    without: ["uid", "body"],
    prepare: async (_options, [uid, body]) => ({
      uid,
      body: await textOrInput(body as string | undefined, "the new text"),
    }),
    render: ({ message }) => renderMessage(message),
  });
  addMethodCommand(program, {
    usage: "retract <uid>",
    method: "message_retract",
    without: ["uid"],
    extend: (command) => command.option("--yes", "do not ask"),
    prepare: async ({ yes }, [uid]) => {
      if (!(await confirmed("Take the message back, for everybody and for good?", yes === true)))
        throw new UsageError("nothing was retracted");
      return { uid };
    },
    render: ({ message }) => renderMessage(message),
  });
  addMethodCommand(program, {
    usage: "displayed <uid>",
    method: "message_mark_displayed",
    without: ["uid"],
    prepare: (_options, [uid]) => ({ uid }),
    render: () => "marked",
  });
  addMethodCommand(program, {
    usage: "react <uid> [emojis...]",
    method: "message_reactions_set",
    without: ["uid", "reactions", "updateType"],
    extend: addUpdateOptions,
    prepare: (options, [uid, emojis]) => ({ uid, ...reactionsFrom(options, emojis) }),
    render: ({ message }) => renderMessage(message),
  });
  addMethodCommand(program, {
    usage: "reactions <uid>",
    method: "reactions_log_get",
    without: ["uid"],
    prepare: (_options, [uid]) => ({ uid }),
    render: ({ changes }) =>
      changes.length === 0
        ? "nobody has reacted"
        : table(
            ["WHEN", "WHO", "CHANGE", "SET"],
            changes.map(({ timestamp, sender, added, removed, reactions, refused }) => [
              localTime(timestamp),
              shownSender(sender),
              shownDifference({ added, removed }) + (refused ? " (refused)" : ""),
              reactions.join(" "),
            ]),
          ),
  });
}
