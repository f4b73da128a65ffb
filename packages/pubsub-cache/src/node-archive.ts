import {
  type ArchiveRequester,
  queryArchive,
  type Requester,
  readPubsubEvents,
  type WireItem,
} from "@larder/core";
import type { NodeAddress } from "./account.js";
import { isAnswer } from "./faults.js";

/** Clocks differ, and an archive may take a moment to write down what was just sent. */
const OVERLAP_MS = 60_000;
const PAGE = 100;
/** Beyond so many, reading the node costs no more. */
const MOST = 2000;

/** Whether results of an archive can be caught on their way to us. */
const canQuery = (requester: Requester): requester is ArchiveRequester =>
  typeof (requester as Partial<ArchiveRequester>).intercept === "function";

/**
 * What was published to a node since an instant, by the node's own archive (XEP-0442): the last version of each item,
 * in the order of publishing, without those retracted since.
 *
 * @param background the same requester as the traffic to services has it
 * @returns undefined where the archive cannot tell, or has too much to tell
 */
export async function publishedSince(
  requester: Requester,
  background: Requester,
  { service, node }: NodeAddress,
  since: Date,
): Promise<WireItem[] | undefined> {
  if (!canQuery(requester)) return undefined;
  const archive: ArchiveRequester = {
    account: requester.account,
    request: (iq, options) => background.request(iq, options),
    intercept: (interceptor) => requester.intercept(interceptor),
  };
  const start = new Date(since.getTime() - OVERLAP_MS);
  const found = new Map<string, WireItem>();
  let after: string | undefined;
  try {
    for (let read = 0; read <= MOST; ) {
      const page = await queryArchive(archive, { archive: service, node, start, rsm: { max: PAGE, after } });
      for (const { message } of page.results) {
        for (const event of message ? readPubsubEvents(message) : []) {
          if (event.node !== node) continue;
          if (event.event === "purge") found.clear();
          if (event.event !== "items") continue;
          for (const id of event.retracted) found.delete(id);
          for (const item of event.items.filter(({ payload }) => payload !== undefined)) {
            found.delete(item.id); // the last one published stands last
            found.set(item.id, item);
          }
        }
      }
      read += page.results.length;
      after = page.rsm.last;
      if (page.complete || after === undefined || page.results.length === 0) return [...found.values()];
    }
    return undefined;
  } catch (error) {
    if (isAnswer(error)) return undefined;
    throw error;
  }
}
