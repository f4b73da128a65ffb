#!/usr/bin/env node
// CommonJS, because loading the first ES module already starts libuv's threads, whose number is then fixed. SQLite
// reads block one each: with the usual four, four slow searches would hold up everything else.
process.env.UV_THREADPOOL_SIZE ??= "16";
// Node opens its debugger, and with it every secret, to whoever sends this signal; a listener takes its place.
process.on("SIGUSR1", () => {});

/** Modules, connections of the database and clients are files, too; with fewer the loader of modules itself fails. */
const MIN_OPEN_FILES = 256;
const { readFileSync } = require("node:fs");
const maxOpenFiles = () => {
  try {
    return Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity,
    );
  } catch {
    return Infinity; // a system that does not tell
  }
};
if (maxOpenFiles() < MIN_OPEN_FILES) {
  process.stderr.write(
    `larderd: only ${maxOpenFiles()} files may be open at a time here, and it needs at least ${MIN_OPEN_FILES}: raise the limit (ulimit -n 1024)\n`,
  );
  process.exitCode = 1;
} else import("../dist/main.js");
