import { hasErrorType, InvalidParamsError, type Requester, type XmlElement } from "@larder/core";
import type { CacheAccount } from "../account.js";
import type { PubsubCache } from "../cache.js";
import { readOwnRequest } from "../own-request.js";
import type { PlainClient } from "./client.js";
import { itemsAnswer, readItemsIq } from "./items-iq.js";
import { requesterOf, translated } from "./requester.js";

export interface AttachOptions {
  readonly cache: PubsubCache;
  /** Row id of the account in the store, and its bare JID in normal form. */
  readonly account: { readonly id: number; readonly jid: string };
  /** Told of what fails where nobody waits for it. */
  readonly onError?: (error: unknown) => void;
}

/** A cache that works for a plain client. */
export interface AttachedCache {
  readonly account: CacheAccount;
  /** Gives the client back as it was. */
  detach(): void;
}

/**
 * Puts a cache in front of an @xmpp/client: from now on its `iqCaller.request` answers pubsub reads (XEP-0060 §6.5)
 * from the cache where it can, what it publishes, retracts, purges, deletes and configures is applied, and notifications that arrive keep the cache up to date. Everything else goes its way.
 * Whoever asked for items the old way goes on to do so; errors are those that the client gave before.
 *
 * To be called before the client is started. Presence is the program's own affair: without it a service need not
 * send notifications.
 */
export function attachCache(client: PlainClient, options: AttachOptions): AttachedCache {
  const { cache, onError = () => {} } = options;
  const { iqCaller } = client;
  const request = iqCaller.request.bind(iqCaller);
  const { id, jid } = options.account;
  const account: CacheAccount = {
    id,
    jid,
    requester: requesterOf(client, jid, request),
    online: () => client.status === "online",
  };

  // What the program changes is in the cache when it is answered; the request goes out as it was made.
  const asMade: Requester = {
    account: jid,
    request: (iq, { timeoutMs } = {}) =>
      request(iq, timeoutMs).catch((error: unknown) => {
        throw translated(error, iq.attrs.to, timeoutMs);
      }),
  };
  const changes = cache.writer({ ...account, requester: asMade });

  iqCaller.request = async (iq, timeoutMs) => {
    const wanted = readItemsIq(iq, jid);
    if (!wanted && !readOwnRequest(jid, iq)) return request(iq, timeoutMs);
    try {
      if (!wanted) return await changes.request(iq, { timeoutMs });
      return itemsAnswer(iq, wanted, await cache.getItems(account, wanted));
    } catch (error) {
      // An id of RSM that is not ours comes from the service, which knows what it means.
      if (error instanceof InvalidParamsError) return request(iq, timeoutMs);
      throw (hasErrorType(error) && error.cause) || error;
    }
  };

  const inBackground = (work: Promise<unknown>) => void work.catch(onError);
  const listeners: [PlainClient["streamManagement"] | PlainClient, string, (value: never) => void][] = [
    [
      client,
      "stanza",
      (stanza: XmlElement) => {
        if (stanza.name === "message") inBackground(cache.handleMessage(account, stanza));
      },
    ],
    [client, "online", () => inBackground(cache.sessionStarted(account))],
    [client, "disconnect", () => inBackground(cache.sessionEnded(account))],
    [client.streamManagement, "resumed", () => inBackground(cache.sessionResumed(account))],
  ];
  for (const [emitter, event, listener] of listeners) emitter?.on(event, listener);
  if (!account.online()) inBackground(cache.sessionEnded(account)); // whatever an earlier process has kept may be out of date
  return {
    account,
    detach() {
      iqCaller.request = request;
      for (const [emitter, event, listener] of listeners) emitter?.removeListener(event, listener);
    },
  };
}
