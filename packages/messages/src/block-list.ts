import { fetchBlockList, isBlocked, NotAcceptableError, type Requester, StanzaError } from "@larder/core";

/** Whom an account has blocked (XEP-0191), as far as this session knows. */
export class BlockList {
  #blocked: ReadonlySet<string> = new Set();

  /** Reads the list anew; a server without one blocks nobody. */
  async fetch(requester: Requester): Promise<void> {
    const list = await fetchBlockList(requester).catch((error: unknown) => {
      if (error instanceof StanzaError) return [];
      throw error;
    });
    this.#blocked = new Set(list);
  }

  /** More addresses were blocked (§3.3). */
  block(jids: readonly string[]): void {
    this.#blocked = new Set([...this.#blocked, ...jids]);
  }

  /** Addresses were let through again; none given means all (§3.4). */
  unblock(jids: readonly string[]): void {
    const gone = new Set(jids);
    this.#blocked = new Set(jids.length === 0 ? [] : [...this.#blocked].filter((jid) => !gone.has(jid)));
  }

  has(jid: string): boolean {
    return isBlocked(this.#blocked, jid);
  }

  /**
   * To be called before something is sent: the server would only give it back (§3.5).
   *
   * @throws {NotAcceptableError} the address is blocked
   */
  check(jid: string): void {
    if (this.has(jid)) throw new NotAcceptableError(`${jid} is blocked (XEP-0191); unblock it first`);
  }
}
