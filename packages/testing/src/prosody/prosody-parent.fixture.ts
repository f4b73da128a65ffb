// A program that starts a Prosody and never stops it; prosody-server.test.ts ends it in several ways.
import { startProsody } from "./prosody-server.js";

const server = await startProsody();
process.send?.({ port: server.port, log: server.log() });
process.on("message", () => process.exit());
