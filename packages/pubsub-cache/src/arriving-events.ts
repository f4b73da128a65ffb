import { bareJid, NS_PUBSUB_EVENT, type XmlElement } from "@larder/core";
import type { CacheAccount, NodeAddress } from "./account.js";

/** An event that was announced and is never handled is waited for no longer. */
const MAX_WAIT_MS = 5000;

/** Notifications that have arrived and wait to be handled, so that what comes after them is not applied before. */
export class ArrivingEvents {
  readonly #pending = new Map<string, Set<Promise<void>>>();
  readonly #resolve = new WeakMap<XmlElement, () => void>();

  /** A notification has arrived, and will be handled in its turn. */
  begin(account: CacheAccount, stanza: XmlElement): void {
    const service = stanza.attrs.from === undefined ? account.jid : bareJid(stanza.attrs.from);
    if (service === undefined) return;
    const children = stanza.getChild("event", NS_PUBSUB_EVENT)?.getChildElements() ?? [];
    const keys = new Set(
      children.flatMap(({ attrs: { node } }) =>
        node === undefined ? [] : keyOf(account, { service, node }),
      ),
    );
    let handled = () => {};
    const done = new Promise<void>((resolve) => {
      handled = resolve;
    });
    for (const key of keys) this.#pending.set(key, (this.#pending.get(key) ?? new Set()).add(done));
    const forgotten = setTimeout(() => this.end(stanza), MAX_WAIT_MS);
    forgotten.unref();
    this.#resolve.set(stanza, () => {
      clearTimeout(forgotten);
      handled();
      for (const key of keys) {
        const pending = this.#pending.get(key);
        pending?.delete(done);
        if (pending?.size === 0) this.#pending.delete(key);
      }
    });
  }

  /** A notification was handled. */
  end(stanza: XmlElement): void {
    this.#resolve.get(stanza)?.();
    this.#resolve.delete(stanza);
  }

  /**
   * Waits until the events of a node are handled that have arrived so far.
   *
   * @returns false where there was none
   */
  async settled(account: CacheAccount, address: NodeAddress): Promise<boolean> {
    const pending = this.#pending.get(keyOf(account, address));
    if (!pending) return false;
    await Promise.all(pending);
    return true;
  }
}

const keyOf = (account: CacheAccount, { service, node }: NodeAddress): string =>
  JSON.stringify([account.id, service, node]);
