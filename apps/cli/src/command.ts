import {
  BridgeClient,
  type BridgeMethod,
  type BridgeParams,
  type BridgeResult,
  bridgeMethods,
  socketCandidates,
} from "@larder/core/bridge";
import type { Command } from "commander";
import { Output } from "./output/output.js";
import { optionFor, parametersOf } from "./schema-options.js";

/** What a command works with. */
export interface Context {
  readonly client: BridgeClient;
  readonly out: Output;
}

/** A command that is one call of one method. */
export interface MethodCommand<M extends BridgeMethod> {
  /** Words and arguments as commander writes them, for example `get <node>`. */
  readonly usage: string;
  readonly method: M;
  /** Parameters that are no options: given as arguments, or made by `prepare`. */
  readonly without?: readonly (keyof BridgeParams<M> & string)[];
  /** Options beside those of the schema. */
  readonly extend?: (command: Command) => Command;
  /** Makes the params out of options and arguments. */
  readonly prepare?: (
    options: Record<string, unknown>,
    args: readonly (string | string[] | undefined)[],
  ) => Promise<object> | object;
  /** Runs after the call, with the same connection; its errors are the command's errors. */
  readonly after?: (
    client: BridgeClient,
    result: BridgeResult<M>,
    options: Record<string, unknown>,
  ) => Promise<void>;
  /** Help of the command. Default: the summary of its method. */
  readonly describe?: string;
  readonly render: (result: BridgeResult<M>, options: Record<string, unknown>) => string;
}

/** Runs `work` with a connection that is closed afterwards. */
export async function withClient<T>(work: (client: BridgeClient) => Promise<T>): Promise<T> {
  const client = await BridgeClient.connectAny(socketCandidates());
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export const outputOf = (command: Command): Output => new Output(command.optsWithGlobals().json === true);

/** Adds a command whose options, help and checks come from its method's schema. */
export function addMethodCommand<M extends BridgeMethod>(parent: Command, spec: MethodCommand<M>): Command {
  const command = parent.command(spec.usage).description(spec.describe ?? bridgeMethods[spec.method].summary);
  const without = new Set<string>(spec.without ?? []);
  const parameters = Object.entries(parametersOf(spec.method)).filter(([name]) => !without.has(name));
  for (const [name, schema] of parameters) command.addOption(optionFor(name, schema));
  spec.extend?.(command);
  command.action(async (...all: unknown[]) => {
    const args = all.slice(0, -2) as (string | string[] | undefined)[];
    const options = command.opts<Record<string, unknown>>();
    const given = Object.fromEntries(
      parameters
        .filter(([name]) => command.getOptionValueSource(name) === "cli")
        .map(([name]) => [name, options[name]]),
    );
    const params = { ...given, ...(await spec.prepare?.(options, args)) };
    const result = await withClient(async (client) => {
      const answer = (await client.request(spec.method, params)) as BridgeResult<M>;
      await spec.after?.(client, answer, options);
      return answer;
    });
    outputOf(command).result(result, () => spec.render(result, options));
  });
  return command;
}
