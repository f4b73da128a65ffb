import { NotConnectedError } from "@larder/core";
import type { PubsubCache } from "@larder/pubsub-cache";
import type { AttachingAccount } from "@larder/reactions";
import type { AccountManager } from "../accounts/manager.js";
import type { AccountRuntime } from "../accounts/runtime.js";

/** The account of a call, and the node's service: the account itself (PEP) where none is named. */
export function addressed(
  accounts: AccountManager,
  input: { account?: string; service?: string },
): { account: AccountRuntime; service: string } {
  const account = accounts.resolve(input.account);
  return { account, service: input.service ?? account.jid };
}

/** As {@link addressed}, for what only the service can do. */
export function addressedOnline(
  accounts: AccountManager,
  input: { account?: string; service?: string },
): { account: AccountRuntime; service: string } {
  const found = addressed(accounts, input);
  if (!found.account.online()) throw new NotConnectedError(found.account.jid);
  return found;
}

/** The account as what attaches to items sees it; the cache has what it changes. */
export const attaching = (account: AccountRuntime, cache: PubsubCache): AttachingAccount => ({
  jid: account.jid,
  online: () => account.online(),
  requester: cache.writer(account),
});
