export { type AttachedCache, type AttachOptions, attachCache } from "./attach-cache.js";
export type { PlainClient } from "./client.js";
