import type {
  ReactedMessage,
  ReactionChange,
  ReactionEvent,
  ReactionFilter,
  ReactionStore,
  ReactionTargetName,
} from "@larder/core";
import type { Database } from "../database.js";
import { fitsKey } from "../keys.js";
import type { MessageRepository } from "./messages.js";
import type { ReactionTargets } from "./reaction-targets.js";
import type { ReactionRepository } from "./reactions.js";

/** The sender's wish stands in the stanza (XEP-0334 §4.1, §4.2); a text that only looks so costs no more than a hint. */
const NO_STORE = /<no-(?:permanent-)?store [^>]*xmlns=["']urn:xmpp:hints["']/;

/** The ledger of reactions of this database, as `@larder/reactions` works with it. */
export class ReactionLedger implements ReactionStore {
  readonly #db: Database;
  readonly #messages: MessageRepository;
  readonly #reactions: ReactionRepository;
  readonly #targets: ReactionTargets;

  constructor(
    db: Database,
    messages: MessageRepository,
    reactions: ReactionRepository,
    targets: ReactionTargets,
  ) {
    this.#db = db;
    this.#messages = messages;
    this.#reactions = reactions;
    this.#targets = targets;
  }

  readonly fits = fitsKey;

  unit<T>(work: () => Promise<T>): Promise<T> {
    return this.#db.write(() => work());
  }

  targets(accountId: number, names: readonly ReactionTargetName[]) {
    return this.#targets.find(accountId, names);
  }

  waiting(accountId: number, messageIds: readonly number[]) {
    return this.#targets.waiting(accountId, messageIds);
  }

  async message(id: number): Promise<ReactedMessage | undefined> {
    const [record] = await this.#messages.byIds([id]);
    if (!record) return undefined;
    const { uid, accountId, conversation, type, timestamp, retracted, originId, wireId, standsFor } = record;
    const ofRoom = record.stanzaIdBy === conversation;
    return {
      id,
      uid,
      accountId,
      conversation,
      type,
      timestamp,
      retracted,
      originId,
      wireId,
      roomStanzaId: ofRoom ? record.stanzaId : undefined,
      standsFor,
      noStore: NO_STORE.test(record.raw ?? ""),
    };
  }

  changes(accountId: number, filter: ReactionFilter): Promise<ReactionChange[]> {
    return this.#reactions.changes(accountId, filter);
  }

  places(accountId: number, stanzaIds: readonly string[]) {
    return this.#reactions.places(accountId, stanzaIds);
  }

  put(changes: readonly ReactionChange[]): Promise<void> {
    return this.#reactions.put(changes);
  }

  remove(ids: readonly number[]): Promise<void> {
    return this.#reactions.remove(ids);
  }

  tell({ accountId, uid, origin, sender, added, removed, error }: ReactionEvent): Promise<void> {
    return this.#db.write((unit) =>
      unit.log("message_update", accountId, {
        uid,
        update: "reactions",
        origin,
        difference: { sender, added, removed },
        ...(error && { error }),
      }),
    );
  }
}
