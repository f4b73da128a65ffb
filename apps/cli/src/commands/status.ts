import { BridgeClient, DaemonUnreachableError, socketCandidates } from "@larder/core/bridge";
import { type Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { outputOf } from "../command.js";

const POLL_MS = 100;

const seconds = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError("It takes a number of seconds.");
  return value;
};

/** Connects as soon as the daemon listens; there is no event to wait for before it does. */
async function connectWithin(paths: readonly string[], waitMs: number): Promise<BridgeClient> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await BridgeClient.connectAny(paths);
    } catch (error) {
      if (!(error instanceof DaemonUnreachableError) || Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function size(bytes: number): string {
  return bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

export function addStatusCommand(program: Command): void {
  const command = program
    .command("status")
    .description("Whether the daemon answers, and what it holds.")
    .option("--wait <seconds>", "wait so long for it to answer", seconds, 0);
  command.action(async (options: { wait: number }) => {
    await using client = await connectWithin(socketCandidates(), options.wait * 1000);
    const [version, stats, { accounts }] = await Promise.all([
      client.call("version_get"),
      client.call("stats_get"),
      client.call("account_list"),
    ]);
    outputOf(command).result({ ...version, ...stats, accountStates: accounts }, () =>
      [
        `${pc.bold(`larder ${version.version}`)} (bridge ${version.api}) is running`,
        `accounts   ${accounts.map(({ account, state }) => `${account} (${state})`).join(", ") || "none yet: larder account add JID"}`,
        `messages   ${stats.messages}`,
        `cache      ${stats.items} items in ${stats.nodes} nodes`,
        `database   ${size(stats.databaseBytes)}`,
        `event log  ${stats.eventLog.events} events, up to ${stats.eventLog.newest}`,
      ].join("\n"),
    );
  });
}
