export { exitCodeOf, exitCodes, UsageError } from "./exit-codes.js";
export { createProgram } from "./program.js";
