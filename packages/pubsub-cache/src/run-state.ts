import type { NodeRecord } from "@larder/storage";
import type { PageMark } from "./node-pages.js";

/** Where a full reading stands; kept with every page, so that a crash or a lost connection goes on from there. */
export interface RunState {
  readonly mark: PageMark;
  readonly received: number;
  readonly characters: number;
  /** When the reading began: nothing older than that is known of the items read first. */
  readonly startedAt: number;
  /** Names of the session and process that read the last page. */
  readonly session: string;
  /** Something may have changed behind the reading, while there was no session. */
  readonly interrupted: boolean;
  /** Older items were passed over. */
  readonly passedOver: boolean;
  /** Differences are told as events. */
  readonly tell: boolean;
}

/** How old a reading may be to be taken up again; what an older one has read would have to be read again anyway. */
const GOOD_FOR_MS = 86_400_000;

/** The state that a node's row keeps; undefined where there is none that could be used. */
export function runStateOf({ resume }: Pick<NodeRecord, "resume">): RunState | undefined {
  const state = resume as RunState | undefined;
  return state && Date.now() - state.startedAt < GOOD_FOR_MS ? state : undefined;
}
