import { BRIDGE_API } from "@larder/core";
import type { MethodHandler } from "./context.js";

export const versionGet: MethodHandler<"version_get"> = async (_input, { daemon }) => ({
  name: "larder",
  version: daemon.version,
  api: BRIDGE_API,
});
