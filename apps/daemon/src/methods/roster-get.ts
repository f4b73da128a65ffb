import type { MethodHandler } from "./context.js";

export const rosterGet: MethodHandler<"roster_get"> = async ({ account }, { accounts, store }) => {
  const runtime = accounts.resolve(account);
  const contacts = await store.roster.list(runtime.id);
  return {
    contacts: contacts.map((contact) => ({ ...contact, groups: [...contact.groups] })),
    requests: runtime.subscriptionRequests,
  };
};
