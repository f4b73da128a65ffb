// A skeleton: so far it only shows that a private server can be had.
import { startProsody } from "@larder/testing";

await using server = await startProsody({ users: { alice: "alice" } });
console.log(`A private Prosody for ${server.domain} listens at ${server.service}.`);
