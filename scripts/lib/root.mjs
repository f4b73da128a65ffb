import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

/** The root's manifest. */
export const manifest = () => JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
