import completion from "@bomb.sh/tab/commander";
import { Command } from "commander";
import { addAccountCommands } from "./commands/account.js";
import { addEventCommands } from "./commands/events.js";
import { addMessageCommands } from "./commands/messages.js";
import { addPubsubCommands } from "./commands/pubsub.js";
import { addContactCommands, addRoomCommands } from "./commands/rooms.js";
import { addRpcCommand } from "./commands/rpc.js";
import { addStatusCommand } from "./commands/status.js";

/** Every command and its sub-commands. */
function* allCommands(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* allCommands(child);
}

/** The whole command line, from the bridge's schemas. */
export function createProgram(version: string): Command {
  const program = new Command("larder")
    .description("Larder from a terminal: messages, feeds and reactions that larderd keeps.")
    .version(version);
  addStatusCommand(program);
  addAccountCommands(program);
  addMessageCommands(program);
  addRoomCommands(program);
  addContactCommands(program);
  addPubsubCommands(program);
  addEventCommands(program);
  addRpcCommand(program);
  completion(program, { completionCommandName: "completion" });
  const withoutResult = new Set(["completion", "complete"]); // what they print is for a shell
  for (const command of allCommands(program)) {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .showSuggestionAfterError();
    if (command.commands.length > 0 || withoutResult.has(command.name())) continue;
    command.option("--json", "one JSON document on standard output, and nothing else there");
  }
  return program;
}
