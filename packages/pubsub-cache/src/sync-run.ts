import type { Requester } from "@larder/core";
import type { NodeRecord } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import type { Analyser, Analysis } from "./analysers/analyser.js";
import type { LeftOutItem } from "./left-out.js";
import type { NodeNotes } from "./node-notes.js";
import type { RunChanges } from "./run-changes.js";
import type { RunState } from "./run-state.js";

/** A reading of a node that is under way. */
export interface SyncRun {
  readonly account: CacheAccount;
  readonly address: NodeAddress;
  readonly node: NodeRecord;
  readonly requester: Requester;
  readonly changes: RunChanges;
  readonly generation: number;
  /** True to log each difference as an event: after a first synchronisation nobody has an older state to correct. */
  readonly tell: boolean;
  readonly startedAt: number;
  readonly interrupted: boolean;
  /** Nothing was kept of the node when this reading began. */
  readonly wasEmpty: boolean;
  notes: NodeNotes;
  analysis?: Analysis;
  analyser?: Analyser;
  received: number;
  characters: number;
  total?: number;
  passedOver: boolean;
  doubtful: boolean;
  leftOut?: readonly LeftOutItem[];
  /** Ids of what was read by this run, part by part, oldest first. */
  readonly window: string[][];
}

/** Makes the state with which a later reading goes on. */
export function stateOf(
  run: SyncRun,
  session: string,
  { mark, received, characters }: Pick<RunState, "mark" | "received" | "characters">,
): RunState {
  return {
    mark,
    received,
    characters,
    startedAt: run.startedAt,
    session,
    interrupted: run.interrupted,
    passedOver: run.passedOver,
    tell: run.tell,
  };
}

/** Takes out the ids that need not be kept any longer, since more than the policy wants has been read after them. */
export function takeSurplus(run: SyncRun, next: readonly string[], maxItems: number | undefined): string[] {
  if (maxItems === undefined) return [];
  let after = next.length + run.window.reduce((sum, ids) => sum + ids.length, 0);
  const gone: string[] = [];
  while (run.window[0] && after - run.window[0].length >= maxItems) {
    after -= run.window[0].length;
    gone.push(...(run.window.shift() ?? []));
    run.passedOver = true;
  }
  return gone;
}
