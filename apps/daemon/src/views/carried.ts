import { type BridgeResult, parseTrustedXml, readAttachments, readInvitation } from "@larder/core";
import type { MessageRecord } from "@larder/storage";

type Carried = Pick<BridgeResult<"message_get">["message"], "attachments" | "invitation">;

/** What a stanza has in it that carries something: most have not, and need not be parsed. */
const CARRIES = /jabber:x:oob|urn:xmpp:sfs:|urn:xmpp:sims:|jabber:x:conference|<invite/;

/** Files and invitation of a message, from its stanza as it came, so that they are there also for what was kept before. */
export function carriedBy({ raw, sender }: Pick<MessageRecord, "raw" | "sender">): Carried {
  if (raw === undefined || !CARRIES.test(raw)) return {};
  const message = parseTrustedXml(raw);
  const attachments = readAttachments(message);
  const invitation = readInvitation(message, sender);
  return { ...(attachments.length > 0 && { attachments }), ...(invitation && { invitation }) };
}
