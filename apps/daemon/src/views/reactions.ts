import type { BridgeResult } from "@larder/core";
import { summariseReactions } from "@larder/reactions";
import type { Store } from "@larder/storage";
import { groupBy } from "./group-by.js";

/** The reactions to one message as the bridge shows them. */
export type ReactionsView = BridgeResult<"message_get">["message"]["reactions"];

type ReactionSource = {
  readonly reactions: Pick<Store["reactions"], "standing" | "watch">;
  readonly database: Pick<Store["database"], "isJoined">;
};

/** What stands at messages now, by their rows; those without reactions are left out. */
export async function reactionsOf(
  { reactions }: Pick<ReactionSource, "reactions">,
  messageIds: readonly number[],
): Promise<Map<number, ReactionsView>> {
  const standing = groupBy(await reactions.standing(messageIds), ({ messageId }) => messageId);
  return new Map(
    [...standing].map(([id, ofMessage]) => [
      id,
      summariseReactions(ofMessage).map((summary) => ({ ...summary, senders: [...summary.senders] })),
    ]),
  );
}

/** Texts are kept up to so many characters; a message with a hundred reactions has 5,000. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
/** What one more entry costs, whatever its text. */
const ENTRY_CHARACTERS = 64;

/** Escaped where it is not ASCII, a line without such characters elsewhere is read and written several times as fast. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/**
 * The reactions of messages, written out and kept in memory: to read thousands of them anew, group and write them costs far
 * more than the rest of a page. A text goes when something begins to change what it says, and while that is not over, none
 * takes its place: so nobody is told what stood before a change that has ended.
 */
export class ReactionViews {
  readonly #source: ReactionSource;
  readonly #maxCharacters: number;
  /** In the order of their last use. */
  readonly #texts = new Map<number, string>();
  /** Messages that units of work are changing, and how many are. */
  readonly #changing = new Map<number, number>();
  /** For each reading that is under way, what may have changed since it began. */
  readonly #readings = new Set<Set<number>>();
  #characters = 0;

  constructor(source: ReactionSource, maxCharacters = MAX_CHARACTERS) {
    this.#source = source;
    this.#maxCharacters = maxCharacters;
    source.reactions.watch((messageIds) => this.#change(messageIds));
  }

  /** JSON of {@link ReactionsView}, in ASCII, for each of these rows. */
  async texts(messageIds: readonly number[]): Promise<ReadonlyMap<number, string>> {
    // A unit of work sees what is not there for others yet.
    if (this.#source.database.isJoined) return this.#read(messageIds);
    const known = new Map<number, string>();
    for (const id of messageIds) {
      const text = this.#texts.get(id);
      if (text === undefined) continue;
      known.set(id, text);
      this.#texts.delete(id);
      this.#texts.set(id, text);
    }
    const unknown = messageIds.filter((id) => !known.has(id));
    if (unknown.length === 0) return known;
    const changed = new Set(this.#changing.keys());
    this.#readings.add(changed);
    try {
      for (const [id, text] of await this.#read(unknown)) {
        known.set(id, text);
        if (!changed.has(id)) this.#keep(id, text);
      }
    } finally {
      this.#readings.delete(changed);
    }
    return known;
  }

  async #read(messageIds: readonly number[]): Promise<Map<number, string>> {
    const found = await reactionsOf(this.#source, messageIds);
    return new Map(messageIds.map((id) => [id, asciiJson(found.get(id) ?? [])]));
  }

  #keep(id: number, text: string): void {
    this.#forget(id);
    this.#texts.set(id, text);
    this.#characters += text.length + ENTRY_CHARACTERS;
    for (const oldest of this.#texts.keys()) {
      if (this.#characters <= this.#maxCharacters) break;
      this.#forget(oldest);
    }
  }

  #forget(id: number): void {
    const text = this.#texts.get(id);
    if (text === undefined) return;
    this.#texts.delete(id);
    this.#characters -= text.length + ENTRY_CHARACTERS;
  }

  #change(messageIds: ReadonlySet<number>): () => void {
    for (const id of messageIds) {
      this.#forget(id);
      this.#changing.set(id, (this.#changing.get(id) ?? 0) + 1);
      for (const changed of this.#readings) changed.add(id);
    }
    return () => {
      for (const id of messageIds) {
        const left = (this.#changing.get(id) ?? 1) - 1;
        if (left > 0) this.#changing.set(id, left);
        else this.#changing.delete(id);
      }
    };
  }
}
