import { CapsRegistry, discoInfo, type Requester, type XmlElement } from "@larder/core";
import { type Restrictions, readRestrictions, together } from "@larder/reactions";

/** A room's answer may change; it is believed for so long. */
const ROOM_ANSWER_MS = 600_000;
/** Whoever reacts does not wait longer for what only spares them a refusal. */
const PATIENCE_MS = 3000;

/**
 * What the other side allows of reactions (XEP-0444 §2.2): of a contact by the verified capabilities that its presence
 * announces, of a room by asking it. Asked only when somebody is about to react or wants to know.
 */
export class ReactionRestrictions {
  readonly #requester: Requester;
  readonly #isRoom: (jid: string) => boolean;
  readonly #caps = new CapsRegistry();
  readonly #rooms = new Map<
    string,
    { readonly at: number; readonly answer: Promise<Restrictions | undefined> }
  >();

  constructor(requester: Requester, isRoom: (jid: string) => boolean) {
    this.#requester = requester;
    this.#isRoom = isRoom;
  }

  note(presence: XmlElement): void {
    this.#caps.note(presence);
  }

  /** A new session. */
  clear(): void {
    this.#caps.clear();
    this.#rooms.clear();
  }

  /** @returns undefined where nothing is known to be restricted */
  of(conversation: string): Promise<Restrictions | undefined> {
    const asked = this.#isRoom(conversation) ? this.#ofRoom(conversation) : this.#ofContact(conversation);
    const patience = new Promise<undefined>((resolve) => {
      setTimeout(() => resolve(undefined), PATIENCE_MS).unref();
    });
    return Promise.race([asked, patience]);
  }

  #ofRoom(room: string): Promise<Restrictions | undefined> {
    const known = this.#rooms.get(room);
    if (known && Date.now() - known.at < ROOM_ANSWER_MS) return known.answer;
    const answer = discoInfo(this.#requester, room).then(readRestrictions, () => undefined);
    this.#rooms.set(room, { at: Date.now(), answer });
    return answer;
  }

  async #ofContact(conversation: string): Promise<Restrictions | undefined> {
    const entities = this.#caps.entitiesOf(conversation);
    const infos = await Promise.all(entities.map((entity) => this.#caps.infoOf(this.#requester, entity)));
    return together(infos.flatMap((info) => (info && readRestrictions(info)) ?? []));
  }
}
