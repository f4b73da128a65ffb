import type { MethodHandler } from "./context.js";

export const psAnalysersList: MethodHandler<"ps_analysers_list"> = async (_input, { cache }) => ({
  analysers: cache.analysers
    .list()
    .map(({ name, type, subtype, node, namespace, toSync, parser, parserVersion }) => ({
      name,
      type,
      subtype,
      node,
      namespace,
      toSync,
      parsed: parser !== undefined,
      parserVersion: parser === undefined ? undefined : (parserVersion ?? "1"),
    })),
});
