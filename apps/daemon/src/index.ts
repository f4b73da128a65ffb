export { type Configuration, readConfiguration } from "./config.js";
export { Daemon, type DaemonOptions } from "./daemon.js";
export { HomeNotUsableError } from "./home.js";
