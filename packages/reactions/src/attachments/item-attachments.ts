import {
  bareJid,
  createNode,
  discoInfo,
  type FormFields,
  fetchNodeConfig,
  fetchNodeMetadata,
  getItemsById,
  hasErrorType,
  Lanes,
  NotAcceptableError,
  NotConnectedError,
  NotFoundError,
  publishItem,
  type Requester,
  retractItem,
  type XmlElement,
} from "@larder/core";
import { qualifyEmoji } from "../emoji.js";
import { applyUpdate, type ReactionUpdate } from "../update.js";
import { attachmentNode, type ItemAddress, isOwnOfPublisher, NS_ATTACHMENTS } from "./node-names.js";
import { type Attachments, payloadOf, readAttachments, writeAttachments } from "./payload.js";

/** An account that attaches. */
export interface AttachingAccount {
  /** Bare JID. */
  readonly jid: string;
  readonly online: () => boolean;
  readonly requester: Requester;
}

const isMissing = (error: unknown): boolean => hasErrorType(error) && error.type === "not_found";

/**
 * What an account attaches to pubsub items (XEP-0470): "noticed" and reactions. Its other attachments, and those of kinds that
 * we do not know, are published again as they were (§4.1.1).
 */
export class ItemAttachments {
  readonly #now: () => Date;
  /** One for each item: read, change and publish are one step. */
  readonly #lanes = new Lanes();

  constructor(options: { readonly now?: () => Date } = {}) {
    this.#now = options.now ?? (() => new Date());
  }

  /**
   * Changes the account's reactions to an item.
   *
   * @returns what the account has attached now
   * @throws {NotAcceptableError} naming what is not exactly one emoji
   * @throws {NotFoundError} nothing can be attached to the item: its publisher has made no node for that, and nobody else may
   * @throws {StanzaError} `forbidden`, …
   */
  setReactions(
    account: AttachingAccount,
    item: ItemAddress,
    emojis: readonly string[],
    update: ReactionUpdate,
  ): Promise<Attachments> {
    const given = emojis.map((emoji) => {
      const qualified = qualifyEmoji(emoji);
      if (qualified === undefined) throw new NotAcceptableError(`"${emoji}" is not one emoji`);
      return qualified;
    });
    return this.#change(account, item, (current) => ({
      ...current,
      reactions: applyUpdate(current.reactions, given, update),
    }));
  }

  /**
   * Says that the account has seen an item, or no longer (§4.7: neither praise nor blame). The update works as on a set that
   * can hold this one thing.
   */
  setNoticed(
    account: AttachingAccount,
    item: ItemAddress,
    noticed: boolean,
    update: ReactionUpdate,
  ): Promise<Attachments> {
    return this.#change(account, item, (current) => ({
      ...current,
      noticed: applyUpdate(current.noticed ? ["noticed"] : [], noticed ? ["noticed"] : [], update).length > 0,
    }));
  }

  #change(
    account: AttachingAccount,
    item: ItemAddress,
    change: (current: Attachments) => Attachments,
  ): Promise<Attachments> {
    const node = attachmentNode(item);
    return this.#lanes.run(JSON.stringify([account.jid, item.service, node]), async () => {
      if (!account.online()) throw new NotConnectedError(account.jid);
      const before = await this.#read(account, item.service, node);
      const current = readAttachments(before === "no node" ? undefined : before);
      const next = change(current);
      if (isSame(current, next)) return current;
      if (before === "no node") await this.#makeNode(account, item, node);
      const known = before === "no node" ? undefined : before;
      await this.#publish(account, { service: item.service, node }, known, next);
      return next;
    });
  }

  /** What the account has attached so far, from the service itself: what it is now is about to be overwritten. */
  async #read(
    { jid, requester }: AttachingAccount,
    service: string,
    node: string,
  ): Promise<XmlElement | "no node" | undefined> {
    try {
      const [item] = await getItemsById(requester, { service, node }, [jid]);
      return item && isOwnOfPublisher(item) ? payloadOf(item) : undefined;
    } catch (error) {
      if (isMissing(error)) return "no node";
      throw error;
    }
  }

  async #publish(
    { jid, requester }: AttachingAccount,
    address: { readonly service: string; readonly node: string },
    before: XmlElement | undefined,
    next: Attachments,
  ): Promise<void> {
    const payload = writeAttachments(before, next, this.#now());
    if (payload) await publishItem(requester, { ...address, id: jid, payload });
    else if (before) await retractItem(requester, { ...address, id: jid, notify: true }); // §4.1.1: nothing unknown is left
  }

  /**
   * A service that knows attachments makes the node itself (§4.2, §4.4). Elsewhere it is the publisher's to make: anybody else
   * would own it (§4.1.1), so also a service that makes nodes for whoever publishes is not asked.
   */
  async #makeNode(account: AttachingAccount, item: ItemAddress, node: string): Promise<void> {
    const { requester } = account;
    const info = await discoInfo(requester, item.service).catch(() => undefined);
    if (info?.features.has(NS_ATTACHMENTS)) return;
    const access = await this.#accessOf(account, item);
    const config: FormFields = access === undefined ? {} : { "pubsub#access_model": access };
    const roomy = { ...config, "pubsub#persist_items": "1", "pubsub#max_items": "max" };
    await createNode(requester, { service: item.service, node, config: roomy }).catch(() =>
      createNode(requester, { service: item.service, node, config }),
    );
  }

  /**
   * The access model of an item's node, which its attachments are to have, too.
   *
   * @throws {NotFoundError} the item was published by somebody else, in a node that is not the account's
   */
  async #accessOf({ jid, requester }: AttachingAccount, item: ItemAddress): Promise<string | undefined> {
    const { service, node, id } = item;
    try {
      const { fields } = await fetchNodeConfig(requester, service, node);
      const access = fields["pubsub#access_model"];
      return typeof access === "string" ? access : access?.[0];
    } catch (error) {
      if (!isRefused(error) || bareJid(service) === jid) throw error;
    }
    // Not the owner of the node; who has published the item may make it, too.
    const [own] = await getItemsById(requester, { service, node }, [id]).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    if (bareJid(own?.publisher) !== jid)
      throw new NotFoundError(
        `nothing can be attached to ${id} in ${node}: its publisher has made no node for that (XEP-0470 §4.1.1)`,
      );
    return (await fetchNodeMetadata(requester, service, node).catch(() => undefined))?.accessModel;
  }
}

const isRefused = (error: unknown): boolean =>
  hasErrorType(error) && error.type !== "not_connected" && error.type !== "timeout";

const isSame = (one: Attachments, other: Attachments): boolean =>
  one.noticed === other.noticed &&
  one.reactions.length === other.reactions.length &&
  one.reactions.every((emoji, at) => emoji === other.reactions[at]);
