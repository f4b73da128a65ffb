import { verifyCaps } from "./caps-verification.js";
import { type DiscoInfo, queryDiscoInfo, readDiscoInfo } from "./disco.js";
import { bareJid, normaliseJid } from "./jid/jid.js";
import { NS_CAPS } from "./namespaces.js";
import type { Requester } from "./requester.js";
import type { XmlElement } from "./xml/element.js";

interface Announced {
  readonly node: string;
  readonly hash: string;
  readonly version: string;
}

/** So many entities, and so many different answers, are remembered; the oldest go first. */
const MAX_ENTITIES = 10_000;
const MAX_ANSWERS = 1000;
/** What presence announces is bounded too. */
const MAX_LENGTH = 1024;

function remember<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}

/**
 * What other entities can do, as far as their presence announces it (XEP-0115). Nothing is asked before somebody wants to
 * know, and an answer that its hash proves is asked for once, whoever has it.
 */
export class CapsRegistry {
  readonly #announced = new Map<string, Announced>();
  readonly #proven = new Map<string, DiscoInfo>();
  /** Answers that nothing proves count for who gave them alone (§5.4). */
  readonly #unproven = new Map<string, { readonly key: string; readonly info: DiscoInfo }>();

  /** Takes note of what a presence announces. */
  note(presence: XmlElement): void {
    const from = normaliseJid(presence.attrs.from ?? "");
    if (from === undefined) return;
    const { type } = presence.attrs;
    if (type === "unavailable" || type === "error") this.#forget(from);
    if (type !== undefined) return;
    const { node, hash, ver } = presence.getChild("c", NS_CAPS)?.attrs ?? {};
    const complete = node !== undefined && hash !== undefined && ver !== undefined;
    if (complete && node.length + hash.length + ver.length <= MAX_LENGTH)
      remember(this.#announced, from, { node, hash, version: ver }, MAX_ENTITIES);
    else this.#forget(from);
  }

  /** A new session: who is there is told anew. */
  clear(): void {
    this.#announced.clear();
    this.#unproven.clear();
  }

  /** Those entities of a bare JID, or the one of a full JID, that are there and announce what they can do. */
  entitiesOf(jid: string): string[] {
    if (this.#announced.has(jid)) return [jid];
    return [...this.#announced.keys()].filter((entity) => bareJid(entity) === jid);
  }

  /**
   * What an entity says of itself; asked of it where nobody has proven it yet.
   *
   * @returns undefined where it announces nothing, or does not answer
   */
  async infoOf(requester: Requester, entity: string): Promise<DiscoInfo | undefined> {
    const announced = this.#announced.get(entity);
    if (!announced) return undefined;
    const { node, hash, version } = announced;
    const key = JSON.stringify([hash, version]);
    const known = this.#proven.get(key);
    if (known) return known;
    const unproven = this.#unproven.get(entity);
    if (unproven?.key === key) return unproven.info;
    const query = await queryDiscoInfo(requester, entity, `${node}#${version}`).catch(() => undefined);
    if (!query) return undefined;
    const info = readDiscoInfo(query);
    if (verifyCaps(query, hash, version)) remember(this.#proven, key, info, MAX_ANSWERS);
    else remember(this.#unproven, entity, { key, info }, MAX_ANSWERS);
    return info;
  }

  #forget(entity: string): void {
    this.#announced.delete(entity);
    this.#unproven.delete(entity);
  }
}
