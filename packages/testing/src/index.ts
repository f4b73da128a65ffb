export * from "./prosody/index.js";
