export * from "./prosody/index.js";
export * from "./scripted-server/index.js";
