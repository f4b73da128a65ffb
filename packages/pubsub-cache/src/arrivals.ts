import type { WireItem } from "@larder/core";
import type { NodePage } from "./node-pages.js";

/** Items that are worked on as one part, at most; fewer only at the end of an answer. */
const PART = 200;
/** Characters of items that may wait to be worked on: an answer that brings more is refused. */
const MOST_WAITING = 32 * 1024 * 1024;
/** With so many or fewer waiting, the next answer may be asked for. */
const FEW_WAITING = 1024 * 1024;

/** An answer of which items arrive. */
export interface Arrival {
  readonly moment: number;
  /** Of the answer so far. */
  readonly count: number;
  readonly characters: number;
  /** Nothing is worked on before more is known of the answer. */
  held: boolean;
  /** Known of all parts of the answer. */
  about: Pick<NodePage, "ways" | "passedOver" | "total">;
  /** Takes an item; false where too much waits already. What nobody wants any more is passed over. */
  add(item: WireItem): boolean;
  /** The answer is there. `mark` and `doubtful` stand on its last part. */
  end(about: Omit<NodePage, "items" | "moment">): void;
  /** Forgets what has arrived of it. */
  withdraw(): void;
  /** What has arrived, and was not worked on. */
  readonly waiting: readonly WireItem[];
  /** Leaves the newest so many. */
  keep(newest: number): void;
}

/** What of a node is on its way from answers to whoever works on it: parts come out in the order in which they arrived. */
export class Arrivals {
  readonly #answers: Answer[] = [];
  #waiting = 0;
  #failure: { readonly error: unknown } | undefined;
  #finished = false;
  #stopped = false;
  #wake: (() => void) | undefined;
  #onFew: (() => void) | undefined;

  /** An answer was asked for. */
  begin(moment: number, held: boolean): Arrival {
    const answer = new Answer(
      moment,
      held,
      (characters) => this.#changed(characters),
      () => this.#stopped,
    );
    this.#answers.push(answer);
    return answer;
  }

  /** No answer follows. */
  finish(): void {
    this.#finished = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  /** Nobody works on anything any more. */
  stop(): void {
    this.#stopped = true;
    this.#onFew?.();
  }

  /** Resolves when so much was worked on that more may be asked for; false where nothing may. */
  async untilFew(): Promise<boolean> {
    while (this.#waiting > FEW_WAITING && !this.#stopped)
      await new Promise<void>((resolve) => {
        this.#onFew = resolve;
      });
    return !this.#stopped;
  }

  /**
   * The parts, as they can be worked on.
   *
   * @throws what {@link fail} was given
   */
  async *parts(): AsyncGenerator<NodePage> {
    let any = false;
    for (;;) {
      const answer = this.#answers[0];
      const part = answer?.take(PART);
      if (answer?.isOver) this.#answers.shift();
      if (part) {
        // An answer without items says nothing new, but where there is no other.
        if (part.items.length > 0 || !any) yield part;
        any = true;
      } else if (!answer?.isOver) {
        // What came before a failure is worth its work.
        if (this.#failure) throw this.#failure.error;
        if (this.#finished) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #changed(characters: number): boolean {
    this.#waiting += characters;
    if (characters < 0) this.#onFew?.();
    else this.#wake?.();
    return this.#waiting <= MOST_WAITING;
  }
}

class Answer implements Arrival {
  about: Arrival["about"] = {};
  count = 0;
  characters = 0;
  #items: WireItem[] = [];
  #end: Omit<NodePage, "items" | "moment"> | undefined;
  #taken = false;

  constructor(
    readonly moment: number,
    public held: boolean,
    private readonly changed: (characters: number) => boolean,
    private readonly isUnwanted: () => boolean,
  ) {}

  get waiting(): readonly WireItem[] {
    return this.#items;
  }

  get isOver(): boolean {
    return this.#taken;
  }

  add(item: WireItem): boolean {
    if (this.isUnwanted()) return true;
    this.#items.push(item);
    this.count++;
    this.characters += item.xml.length;
    return this.changed(item.xml.length);
  }

  keep(newest: number): void {
    const dropped = this.#items.splice(0, Math.max(0, this.#items.length - newest));
    this.changed(-charactersOf(dropped));
  }

  withdraw(): void {
    this.keep(0);
    this.#taken = true;
    this.changed(0);
  }

  end(about: Omit<NodePage, "items" | "moment">): void {
    this.#end = about;
    this.held = false;
    this.changed(0);
  }

  /** Undefined where it is too early, or there is nothing left. */
  take(most: number): NodePage | undefined {
    if (this.held || this.#taken || (!this.#end && this.#items.length < most)) return undefined;
    const items = this.#items.splice(0, most);
    this.#taken = this.#end !== undefined && this.#items.length === 0;
    this.changed(-charactersOf(items));
    const { moment, about } = this;
    if (this.#taken) return { ...about, ...this.#end, items, moment };
    const { ways, passedOver, total } = { ...about, ...this.#end };
    return { items, moment, ways, passedOver, total };
  }
}

const charactersOf = (items: readonly WireItem[]) => items.reduce((sum, { xml }) => sum + xml.length, 0);
