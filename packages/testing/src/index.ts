export * from "./ejabberd/index.js";
export * from "./feed/index.js";
export { olderDatabase } from "./older-database/index.js";
export * from "./postgres/index.js";
export * from "./prosody/index.js";
export * from "./readme/index.js";
export * from "./scripted-server/index.js";
export * from "./xmpp-server/index.js";
