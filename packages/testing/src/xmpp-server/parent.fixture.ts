// A program that starts a server and never stops it; xmpp-server.test.ts ends it in several ways.
import { startEjabberd } from "../ejabberd/index.js";
import { startProsody } from "../prosody/index.js";

const server = process.argv[2] === "ejabberd" ? await startEjabberd() : await startProsody();
process.send?.({ port: server.port, log: server.log() });
process.on("message", () => process.exit());
