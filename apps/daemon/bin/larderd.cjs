#!/usr/bin/env node
// CommonJS, because loading the first ES module already starts libuv's threads, whose number is then fixed. SQLite
// reads block one each: with the usual four, four slow searches would hold up everything else.
process.env.UV_THREADPOOL_SIZE ??= "16";
import("../dist/main.js");
