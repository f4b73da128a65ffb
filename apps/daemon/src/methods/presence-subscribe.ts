import { xml } from "@larder/core";
import type { MethodHandler } from "./context.js";

export const presenceSubscribe: MethodHandler<"presence_subscribe"> = async (
  { account, jid },
  { accounts },
) => {
  await accounts.resolve(account).send(xml("presence", { to: jid, type: "subscribe" }));
  return {};
};
