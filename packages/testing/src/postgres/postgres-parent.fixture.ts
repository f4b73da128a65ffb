// A program that starts a PostgreSQL and never stops it; postgres-server.test.ts ends it in several ways.
import { startPostgres } from "./postgres-server.js";

const server = await startPostgres();
process.send?.({ url: server.url(), log: server.log() });
process.on("message", () => process.exit());
