import { parseTrustedXml } from "@larder/core";
import type { MessageHead } from "@larder/storage";
import { tell, type Work } from "./batch.js";

/**
 * A stanza of ours came back, so that the server has it: what was pending is sent. The message may wait for another stanza since, a
 * correction or a retraction of it: then it goes on waiting for that.
 *
 * @param id of the stanza that came back, as we sent it
 */
export async function arrived(work: Work, message: MessageHead, id: string | undefined): Promise<void> {
  if (message.state !== "pending" || message.direction !== "out") return;
  const { messages } = work.store;
  const [record] = await messages.byIds([message.id]);
  const waiting = record?.raw === undefined ? undefined : parseTrustedXml(record.raw).attrs.id;
  if (waiting !== undefined && waiting !== id) return;
  await messages.setState(message.id, "sent");
  await tell(work, message.uid, "state");
}
