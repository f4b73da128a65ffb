import { setTimeout as sleep } from "node:timers/promises";
import { BridgeClient, DaemonUnreachableError } from "@larder/core";

/**
 * Connects to a daemon that is starting.
 *
 * @param hasEnded whether its process is gone
 * @throws {DaemonUnreachableError} it has ended
 */
export async function bridgeOf(socket: string, hasEnded: () => boolean): Promise<BridgeClient> {
  for (;;) {
    try {
      return await BridgeClient.connect(socket);
    } catch (error) {
      if (!(error instanceof DaemonUnreachableError) || hasEnded()) throw error;
      await sleep(20); // nothing tells that a socket is there
    }
  }
}
