import { randomUUID } from "node:crypto";
import { InvalidParamsError, parseUntrustedXml, publishItem } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemPublish: MethodHandler<"ps_item_publish"> = async (input, { accounts, store, cache }) => {
  const payload = parseUntrustedXml(input.payload);
  if (!payload.getNS())
    throw new InvalidParamsError("payload", "payload: the element needs a namespace (xmlns)");
  const { account, service } = addressedOnline(accounts, input);
  if (input.requestId !== undefined) {
    const earlier = await store.sendRequests.find(account.id, input.requestId);
    if (earlier !== undefined) return { id: earlier };
  }
  const { node, options } = input;
  // An id of our own makes a repeated request overwrite instead of publishing twice.
  const wanted = input.id ?? (input.requestId === undefined ? undefined : randomUUID());
  const id = await publishItem(cache.writer(account), { service, node, id: wanted, payload, options });
  if (input.requestId !== undefined) await store.sendRequests.remember(account.id, input.requestId, id);
  return { id };
};
