import { AnswerTooLargeError, type Requester, type WireItem } from "@larder/core";
import type { NodeAddress } from "./account.js";
import { readByIds } from "./read-by-ids.js";
import { readPages } from "./read-pages.js";

/** Where a reading that was cut short goes on: after the item of this id, or after this id of RSM. */
export type PageMark = { readonly by: "rsm" | "ids"; readonly after: string };

/** A part of a node, oldest first. */
export interface NodePage {
  readonly items: readonly WireItem[];
  /** The moment in the sequence of events before which it was asked for. */
  readonly moment: number;
  /** How many items the node has, as far as the service says. */
  readonly total?: number;
  /** Where to go on after this part; absent where that is only known after a further one. */
  readonly mark?: PageMark;
  /** What the answer shows of the service's ways. */
  readonly ways?: ServiceWays;
  /** Older items were passed over, because more are not wanted. */
  readonly passedOver?: boolean;
  /** What came before was a part of an answer that could not be read to its end: the reading begins anew with this. */
  readonly startsOver?: boolean;
  /** Ids of items that could not be read, since one alone is over our limits. */
  readonly tooLarge?: readonly string[];
  /** The service may have held something back without saying so. */
  readonly doubtful?: boolean;
}

/** How a service handles a node, as its answers show. */
export interface ServiceWays {
  readonly paging: "rsm" | "none";
  /** Whether an overwritten item moves to the end, as XEP-0060 §12.1 has it, or stays in its place. */
  readonly overwritten: "moves" | "stays";
}

export interface ReadingOptions {
  readonly requester: Requester;
  readonly address: NodeAddress;
  /** The moment now; see {@link NodePage.moment}. */
  readonly moment: () => number;
  /** Goes on from there. */
  readonly from?: PageMark;
  /** The newest so many are wanted. */
  readonly maxItems?: number;
}

/**
 * Reads a node in full, oldest first. RSM is tried, and what came back is recognised: a page, everything, or too much
 * to be taken, where the items are then asked for by their ids. The next answer is asked for before this one is
 * worked on, and an answer is worked on while it arrives.
 *
 * @throws {StanzaError} what the service answered; `not_found` also where `from` is a place it has forgotten
 */
export async function* readNode(options: ReadingOptions): AsyncGenerator<NodePage> {
  if (options.from?.by === "ids") yield* readByIds(options);
  else {
    try {
      yield* readPages(options);
    } catch (error) {
      if (!(error instanceof AnswerTooLargeError)) throw error;
      let startsOver = true;
      for await (const page of readByIds(options)) {
        yield { ...page, startsOver };
        startsOver = false;
      }
      // A service that lists no ids of what is too much to be taken has not said that there is nothing.
      if (startsOver) throw error;
    }
  }
}
