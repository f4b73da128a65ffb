export * from "./feed/index.js";
export * from "./prosody/index.js";
