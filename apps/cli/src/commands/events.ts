import { type BridgeClient, DaemonUnreachableError, type SignalParams } from "@larder/core/bridge";
import type { Command } from "commander";
import pc from "picocolors";
import { outputOf, withClient } from "../command.js";
import { briefly, shownDifference, shownSender } from "../output/messages.js";
import type { Output } from "../output/output.js";
import { printable } from "../output/output.js";
import { shownStanding } from "./rooms.js";

interface EventOptions {
  readonly since?: string;
  readonly follow?: boolean;
  readonly signal?: string[];
}

interface ShownEvent {
  readonly signal: string;
  readonly cursor?: string;
  readonly params: Record<string, unknown>;
}

const repeatable = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

/** What has changed of a message, and of its reactions by whom. */
function describeUpdate({ update, difference, error }: Record<string, unknown>): string {
  if (update === undefined) return "";
  const change = difference as SignalParams<"message_update">["difference"];
  const by = change ? ` by ${shownSender(change.sender)}: ${shownDifference(change)}` : "";
  const refused = update === "reactions" && error !== undefined ? " (refused)" : "";
  return ` [${update}${by}${refused}]`;
}

function describe({ signal, params }: ShownEvent): string {
  const message = params.message as SignalParams<"message_new">["message"] | undefined;
  if (message) {
    const text = message.retracted === undefined ? briefly(message, 60) : "";
    const reactions = message.reactions.map(({ emoji, count }) => `${emoji} ${count}`).join(" ");
    return `${message.conversation}: ${text}${describeUpdate(params)} ${reactions}`.trim();
  }
  if (signal === "connection_state") return `${params.account}: ${params.state}`;
  if (signal === "muc_state") {
    const standing = params as SignalParams<"muc_state">;
    return `${standing.room} ${shownStanding(standing)}`;
  }
  const items = params.items as { id: string }[] | undefined;
  const ids = items?.map(({ id }) => id) ?? (params.ids as string[] | undefined) ?? [];
  return `${params.node} at ${params.service}: ${params.event ?? params.state} ${ids.join(", ")}`.trim();
}

const show = (out: Output, event: ShownEvent) =>
  out.line(
    event,
    () =>
      `${pc.bold(event.signal)}  ${printable(describe(event))}${event.cursor ? pc.dim(`  ${event.cursor}`) : ""}`,
  );

async function past(client: BridgeClient, out: Output, { since, signal }: EventOptions): Promise<void> {
  let cursor = since;
  for (;;) {
    const page = await client.call("events_get", { since: cursor, signals: signal, limit: 1000 });
    for (const event of page.events) show(out, event);
    if (page.cursor === cursor) return; // not where a page is empty: its events may have gone with their account
    cursor = page.cursor;
  }
}

async function follow(client: BridgeClient, out: Output, { since, signal }: EventOptions): Promise<void> {
  let last: string | undefined;
  client.onSignal(({ signal: name, params: { cursor, ...params } }) => {
    last = cursor ?? last;
    show(out, { signal: name, cursor, params });
  });
  const { cursor } = await client.call("signals_subscribe", { signals: signal ?? ["*"], since });
  const interrupted = new Promise<"interrupted">((resolve) =>
    process.once("SIGINT", () => resolve("interrupted")),
  );
  const end = await Promise.race([interrupted, client.closed.then(() => "closed" as const)]);
  if (end === "closed")
    throw new DaemonUnreachableError(`the daemon has ended; --since ${last ?? cursor} goes on`);
}

export function addEventCommands(program: Command): void {
  const command = program
    .command("events")
    .description("What happened, from the durable log; with --follow also what happens.")
    .option("--since <cursor>", "only what came after this cursor")
    .option("--follow", "go on with what happens, until interrupted")
    .option("--signal <name>", "only this signal (repeatable)", repeatable);
  command.action((options: EventOptions) =>
    withClient((client) => (options.follow ? follow : past)(client, outputOf(command), options)),
  );
}
