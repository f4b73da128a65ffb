import type { MethodHandler } from "./context.js";

export const rosterGet: MethodHandler<"roster_get"> = async ({ account }, { accounts, store }) => {
  const contacts = await store.roster.list(accounts.resolve(account).id);
  return { contacts: contacts.map((contact) => ({ ...contact, groups: [...contact.groups] })) };
};
