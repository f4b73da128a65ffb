import type { BridgeResult } from "@larder/core/bridge";
import type { Command } from "commander";
import { addMethodCommand } from "../command.js";
import { readRoomPassword } from "../input.js";
import { table } from "../output/output.js";

type Standing = Pick<BridgeResult<"muc_list">["rooms"][number], "state" | "reason" | "alternate" | "error">;

export function addRoomCommands(program: Command): void {
  const room = program.command("room").description("Chat rooms.");
  addMethodCommand(room, {
    usage: "join <room>",
    method: "muc_join",
    without: ["room", "password"],
    extend: (command) =>
      command.option("--password", "ask for the room's password, or read it from standard input"),
    prepare: async ({ password }, [address]) => ({
      room: address,
      password: password === true ? await readRoomPassword(String(address)) : undefined,
    }),
    render: ({ room: joined, nick }) => `in ${joined} as ${nick}`,
  });
  addMethodCommand(room, {
    usage: "list",
    method: "muc_list",
    render: ({ rooms }) =>
      rooms.length === 0
        ? "no rooms"
        : table(
            ["ROOM", "NICK", "STATE"],
            rooms.map((each) => [each.room, each.nick ?? "", shownStanding(each)]),
          ),
  });
  addMethodCommand(room, {
    usage: "leave <room>",
    method: "muc_leave",
    without: ["room"],
    prepare: (_options, [address]) => ({ room: address }),
    render: () => "left",
  });
}

/** State of an account in a room, with the reason, as text for a person. */
export function shownStanding({ state, reason, alternate, error }: Standing): string {
  const why = state === "removed" ? (reason ?? error?.text ?? error?.message) : error?.message;
  return `${state}${why === undefined ? "" : `: ${why}`}${alternate === undefined ? "" : ` (now ${alternate})`}`;
}

export function addContactCommands(program: Command): void {
  const contact = program.command("contact").description("Who sees whose presence.");
  addMethodCommand(contact, {
    usage: "subscribe <jid>",
    method: "presence_subscribe",
    without: ["jid"],
    prepare: (_options, [jid]) => ({ jid }),
    render: () => "asked",
  });
  for (const [name, allow] of [
    ["allow", true],
    ["refuse", false],
  ] as const)
    addMethodCommand(contact, {
      usage: `${name} <jid>`,
      method: "presence_subscription_answer",
      without: ["jid", "allow"],
      prepare: (_options, [jid]) => ({ jid, allow }),
      render: () => (allow ? "allowed" : "refused"),
    });
}
