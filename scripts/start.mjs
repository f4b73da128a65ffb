// Sets up what is missing, then is larderd, with the arguments given.
import { become } from "./lib/become.mjs";
import { main } from "./lib/steps.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup({ servers: false });
  await become("apps/daemon/bin/larderd.cjs", process.argv.slice(2));
});
