// Sets up what is missing, with a server to talk to, then is the demo.
import { become } from "./lib/become.mjs";
import { main } from "./lib/steps.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup({ servers: true });
  await become("demo/dist/main.js", process.argv.slice(2));
});
