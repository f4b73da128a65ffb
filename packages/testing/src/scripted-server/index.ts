export type { ManagedSession } from "./managed-session.js";
export type { ScriptedServerOptions } from "./options.js";
export type { ScriptedPeer } from "./scripted-peer.js";
export { type ScriptedServer, startScriptedServer } from "./scripted-server.js";
export type { WireElement } from "./xml-stream.js";
