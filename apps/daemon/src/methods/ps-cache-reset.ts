import type { MethodHandler } from "./context.js";

export const psCacheReset: MethodHandler<"ps_cache_reset"> = (_input, { cache }) => cache.reset();
