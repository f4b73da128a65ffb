import type { Store } from "@larder/storage";
import type { ExecutionContext } from "ava";
import { engines as names, temporaryStore } from "../support.js";

/** A kind of database that the search is tried on. */
export interface Engine {
  readonly name: string;
  /** A new, empty store that is gone after the test. */
  open(t: ExecutionContext): Promise<Store>;
}

export const engines: readonly Engine[] = names.map((name) => ({
  name,
  open: (t) => temporaryStore(t, name),
}));
