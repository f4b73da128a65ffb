import { randomUUID } from "node:crypto";
import { submitForm } from "../data-form.js";
import { StanzaError } from "../errors/stanza-error.js";
import { normaliseJid } from "../jid/jid.js";
import { readInstant } from "../messaging/instant.js";
import { NS_CLIENT, NS_DELAY, NS_FORWARD, NS_MAM } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { type RsmAnswer, type RsmRequest, readRsm, rsmElement } from "../rsm.js";
import { detach, type XmlElement, xml } from "../xml/element.js";

/** Whoever can query an archive: results are messages that come before the answer, so they are caught on the way. */
export interface ArchiveRequester extends Requester {
  /** Sees stanzas as they arrive and takes those for which it returns true; returns how to stop that. */
  intercept(interceptor: (stanza: XmlElement) => boolean): () => void;
}

/** Which messages of an archive are wanted (XEP-0313 §4.1). */
export interface ArchiveQuery {
  /** Whose archive: the account's bare JID, or a room's. */
  readonly archive: string;
  /** A pubsub node of that service, whose notifications are wanted (XEP-0442 §2). */
  readonly node?: string;
  /** Only messages from or to this JID (§4.1.1). */
  readonly with?: string;
  /** Not before, not after (§4.1.2); the archive's times. */
  readonly start?: Date;
  readonly end?: Date;
  readonly rsm: RsmRequest;
}

/** One message of an archive. */
export interface ArchiveResult {
  /** The archive's id of it (§4.2). */
  readonly id: string;
  /** When the archive got it. */
  readonly stamp?: Date;
  /** Absent where the archive has only its id left (§3.2). Not yet checked for who sent it. */
  readonly message?: XmlElement;
}

export interface ArchivePage {
  /** In the archive's order, oldest first. */
  readonly results: readonly ArchiveResult[];
  readonly rsm: RsmAnswer;
  /** Nothing further in the direction of paging (§4.3.2). */
  readonly complete: boolean;
}

const PAGE_TIMEOUT_MS = 60_000;

function readResult(result: XmlElement): ArchiveResult | undefined {
  const { id } = result.attrs;
  if (!id) return undefined;
  const forwarded = result.getChild("forwarded", NS_FORWARD);
  const message = forwarded?.getChild("message", NS_CLIENT);
  return {
    id,
    stamp: readInstant(forwarded?.getChild("delay", NS_DELAY)?.attrs.stamp),
    message: message && detach(message),
  };
}

/**
 * Asks for one page of an archive (XEP-0313 §4). Results count only from the archive that was asked and with the id of
 * this query (§8.2); whatever else claims to be one is left for others to drop.
 *
 * @param onFirst told the id of the first message that arrives, while the rest of the page is on its way
 * @throws {StanzaError} `not_found` where the archive does not know the id to page from any more (§4.3.2), `forbidden`, …
 * @throws {RequestTimeoutError} no answer in time
 */
export async function queryArchive(
  requester: ArchiveRequester,
  query: ArchiveQuery,
  onFirst?: (id: string) => void,
): Promise<ArchivePage> {
  const queryId = randomUUID();
  const own = query.archive === requester.account;
  const results: ArchiveResult[] = [];
  const release = requester.intercept((stanza) => {
    const result = stanza.name === "message" ? stanza.getChild("result", NS_MAM) : undefined;
    if (result?.attrs.queryid !== queryId) return false;
    const { from } = stanza.attrs;
    if (from === undefined ? !own : normaliseJid(from) !== query.archive) return false;
    const read = readResult(result);
    if (read && results.push(read) === 1) onFirst?.(read.id);
    return true;
  });
  try {
    const answer = await requester.request(
      xml(
        "iq",
        { type: "set", to: own ? undefined : query.archive },
        xml(
          "query",
          { xmlns: NS_MAM, queryid: queryId, node: query.node },
          submitForm(NS_MAM, {
            ...(query.with !== undefined && { with: query.with }),
            ...(query.start && { start: query.start.toISOString() }),
            ...(query.end && { end: query.end.toISOString() }),
          }),
          rsmElement(query.rsm),
        ),
      ),
      { timeoutMs: PAGE_TIMEOUT_MS },
    );
    const fin = answer.getChild("fin", NS_MAM);
    if (!fin) throw new StanzaError("feature-not-implemented", { from: query.archive });
    const rsm = readRsm(fin) ?? {};
    return { results, rsm, complete: fin.attrs.complete === "true" || fin.attrs.complete === "1" };
  } finally {
    release();
  }
}
