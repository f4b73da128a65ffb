export { type ProsodyOptions, type ProsodyServer, startProsody } from "./prosody-server.js";
export { startTcpProxy, type TcpProxy, type TcpProxyTarget } from "./tcp-proxy.js";
