import { z } from "zod";
import { defineMethod } from "../method.js";
import { bare, empty } from "../shapes/common.js";
import { accountPassword, accountResource, connectService } from "./account-add.js";

export const accountUpdate = defineMethod({
  name: "account_update",
  summary: "Changes how an account connects; a session that is online begins anew.",
  params: z.strictObject({
    account: bare.describe("the account's bare JID"),
    password: accountPassword.optional(),
    service: connectService
      .nullable()
      .optional()
      .describe("where to connect, as in account_add; null: by SRV records"),
    resource: accountResource
      .nullable()
      .optional()
      .describe("the resource to ask for; null: the server's choice"),
    caFile: z
      .string()
      .min(1)
      .nullable()
      .optional()
      .describe("PEM file of a private certificate authority; null: the usual authorities alone"),
    autoConnect: z.boolean().optional().describe("connect at every start"),
  }),
  result: empty,
});
