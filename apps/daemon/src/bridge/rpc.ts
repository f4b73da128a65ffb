import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type BridgeMethod,
  bridgeMethods,
  checkTexts,
  hasErrorType,
  paramsErrorOf,
  rpcCodes,
  type SessionLog,
  toBridgeError,
} from "@larder/core";
import { createJSONRPCErrorResponse, isJSONRPCRequest, JSONRPCServer } from "json-rpc-2.0";
import type { MethodContext, MethodHandlers } from "../methods/context.js";
import type { BridgeConnection, LineHandler } from "./connection.js";

/**
 * Turns lines of JSON-RPC 2.0 into calls of the handlers. Params are checked by the method's schema
 * before a handler sees them.
 */
export function createLineHandler(
  handlers: MethodHandlers,
  base: Omit<MethodContext, "connection">,
  log: SessionLog,
): LineHandler {
  const server = new JSONRPCServer<BridgeConnection>({ errorListener: () => {} }); // told below, without values
  server.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
    const body = toBridgeError(error);
    if (body.code === rpcCodes.larder && !hasErrorType(error))
      log.error({ err: error }, "a method failed unexpectedly");
    return createJSONRPCErrorResponse(id, body.code, body.message, body.data);
  };
  for (const name of Object.keys(bridgeMethods) as BridgeMethod[]) {
    // The schema and the handler of one name belong together; a loop over names cannot show that to the compiler.
    const handler = handlers[name] as (input: unknown, context: MethodContext) => Promise<unknown>;
    const { params: schema } = bridgeMethods[name];
    server.addMethod(name, async (params: unknown, connection: BridgeConnection) => {
      const checked = schema.safeParse(params ?? {});
      if (!checked.success) throw paramsErrorOf(checked.error);
      checkTexts(checked.data);
      return handler(checked.data, { ...base, connection });
    });
  }
  return (line, connection) => answerLine(server, line, connection);
}

const failure = (code: number, message: string) => ({ jsonrpc: "2.0", id: null, error: { code, message } });

/** Requests of a batch that begin before others get their turn: a line of 16 MiB holds hundreds of thousands. */
const BEGUN_AT_ONCE = 100;

async function answerLine(
  server: JSONRPCServer<BridgeConnection>,
  line: string,
  connection: BridgeConnection,
): Promise<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return failure(rpcCodes.parse, "the line is not JSON");
  }
  const isBatch = Array.isArray(value);
  const requests: unknown[] = isBatch ? (value as unknown[]) : [value];
  if (requests.length === 0) return failure(rpcCodes.invalidRequest, "a batch needs at least one request");
  const running: Promise<unknown>[] = [];
  for (const request of requests) {
    const answer = Promise.resolve(
      isJSONRPCRequest(request)
        ? server.receive(request, connection)
        : failure(rpcCodes.invalidRequest, "not a JSON-RPC 2.0 request"),
    );
    answer.catch(() => {}); // awaited below, perhaps some turns later
    running.push(answer);
    if (running.length % BEGUN_AT_ONCE === 0) await nextTurn();
  }
  const answers = await Promise.all(running);
  const told = answers.filter((answer) => answer !== null);
  return isBatch ? (told.length > 0 ? told : null) : (told[0] ?? null);
}
