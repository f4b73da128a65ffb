import type { Command } from "commander";
import { outputOf, withClient } from "../command.js";
import { UsageError } from "../exit-codes.js";

/** `larder rpc METHOD [JSON]`: any method, its params as JSON, its result as JSON. */
export function addRpcCommand(program: Command): void {
  const command = program
    .command("rpc <method> [params]")
    .description("Calls a method of the bridge; params and result are JSON.");
  command.action(async (method: string, text: string | undefined) => {
    let params: unknown;
    try {
      params = JSON.parse(text ?? "{}");
    } catch {
      throw new UsageError("the params are not JSON");
    }
    const result = await withClient((client) => client.request(method, params));
    outputOf(command).result(result, () => JSON.stringify(result, null, 2));
  });
}
