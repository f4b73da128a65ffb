export {
  ParserPool,
  ParserPoolClosedError,
  type ParserPoolLog,
  type ParserPoolOptions,
  type ParserPoolStats,
} from "./parser-pool.js";
export type { ParseOutcome, ParseRequest, ParserModule } from "./protocol.js";
export type { SuspendedParser } from "./strikes.js";
