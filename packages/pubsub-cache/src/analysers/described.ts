import type { Analysis } from "./analyser.js";

/** What an analysis says of a node, in the columns of its row. */
export function described(analysis: Analysis | undefined) {
  return {
    analyser: analysis?.analyser ?? null,
    type: analysis?.type ?? null,
    subtype: analysis?.subtype ?? null,
  };
}
