import { z } from "zod";
import { defineMethod } from "../method.js";
import { bare } from "../shapes/common.js";

/** Address of the server. */
export const connectService = z.string().regex(/^xmpps?:\/\/[^\s/]+$/, {
  error: "takes xmpp://host:port (STARTTLS) or xmpps://host:port (direct TLS)",
});
export const accountPassword = z.string().min(1).max(10_000);
export const accountResource = z.string().min(1).max(1023);

export const accountAdd = defineMethod({
  name: "account_add",
  summary: "Adds an account, and connects it unless told not to.",
  params: z.strictObject({
    jid: bare.describe("the account's bare JID"),
    password: accountPassword,
    service: connectService
      .optional()
      .describe(
        "where to connect: xmpp://host:port (STARTTLS) or xmpps://host:port (direct TLS); by default SRV records",
      ),
    resource: accountResource.optional(),
    autoConnect: z.boolean().optional().describe("connect now and at every start (true)"),
    tls: z
      .enum(["required", "disabled"])
      .optional()
      .describe("required (default), or disabled for a server on this machine"),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file of a private certificate authority, for this account alone"),
    allowPlaintext: z
      .boolean()
      .optional()
      .describe("with tls disabled: also to a host that is not this machine"),
  }),
  result: z.object({ account: z.string() }),
});
