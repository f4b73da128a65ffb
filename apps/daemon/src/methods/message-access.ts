import { NotFoundError } from "@larder/core";
import type { MessageRecord, Store } from "@larder/storage";
import type { AccountManager } from "../accounts/manager.js";
import type { AccountRuntime } from "../accounts/runtime.js";
import { type MessageView, messageViews } from "../views/message.js";

interface Access {
  readonly accounts: AccountManager;
  readonly store: Store;
}

/**
 * A message by its uid, and the account it belongs to; uids are unique, so the account need not be said.
 *
 * @throws {NotFoundError} nobody has it, or another account than the one named
 */
export async function requireMessage(
  { accounts, store }: Access,
  account: string | undefined,
  uid: string,
): Promise<{ message: MessageRecord; account: AccountRuntime }> {
  const named = account === undefined ? undefined : accounts.resolve(account);
  const message = await store.messages.get(uid);
  const name = message && accounts.nameOf(message.accountId);
  if (!message || !name || (named && named.id !== message.accountId))
    throw new NotFoundError(`no message has the uid ${uid}`);
  return { message, account: accounts.resolve(name) };
}

/** One message as it now stands. */
export async function messageView({ accounts, store }: Access, record: MessageRecord): Promise<MessageView> {
  const [view] = await messageViews(
    store,
    [(await store.messages.get(record.uid)) ?? record],
    accounts.nameOf,
  );
  if (!view) throw new NotFoundError(`no message has the uid ${record.uid}`);
  return view;
}
