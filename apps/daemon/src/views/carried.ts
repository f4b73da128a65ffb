import { type BridgeResult, parseTrustedXml, readAttachments, readInvitation } from "@larder/core";
import type { MessageRecord } from "@larder/storage";

type Carried = Pick<BridgeResult<"message_get">["message"], "attachments" | "invitation">;

/** At least one of these names stands in a stanza that carries a file or an invitation: other stanzas are not parsed. */
const CARRIES = /jabber:x:oob|urn:xmpp:sfs:|urn:xmpp:sims:|jabber:x:conference|<invite/;

/** Files and invitation of a message, from its stanza as it came, so that they are there also for what was kept before. */
export function carriedBy({ raw, sender }: Pick<MessageRecord, "raw" | "sender">): Carried {
  if (raw === undefined || !CARRIES.test(raw)) return {};
  const message = parseTrustedXml(raw);
  const attachments = readAttachments(message);
  const invitation = readInvitation(message, sender);
  return { ...(attachments.length > 0 && { attachments }), ...(invitation && { invitation }) };
}
