// Checks that the declarations of every package compile in a project that looks into libraries (skipLibCheck: false), as
// other projects use them, and that a declaration that does not is noticed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./lib/root.mjs";
import { tryRun } from "./lib/run.mjs";
import { main, Remedy, step } from "./lib/steps.mjs";

const options = {
  module: "nodenext",
  target: "es2023",
  lib: ["es2023"],
  strict: true,
  skipLibCheck: false,
  noEmit: true,
  types: ["node"],
  typeRoots: [path.join(root, "node_modules/@types")],
};

/** Every entry of every package that says what its types are. */
function entries() {
  return ["packages", "apps"].flatMap((folder) =>
    readdirSync(path.join(root, folder)).flatMap((name) => {
      const place = path.join(root, folder, name);
      const { exports = {} } = JSON.parse(readFileSync(path.join(place, "package.json"), "utf8"));
      return Object.values(exports).flatMap(({ types, default: file }) =>
        types ? [path.join(place, file)] : [],
      );
    }),
  );
}

/** Compiles a project that imports these files; returns what the compiler complains about. */
async function compile(files, planted) {
  const directory = mkdtempSync(path.join(root, "node_modules/.declarations-"));
  try {
    writeFileSync(
      path.join(directory, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["uses.ts"] }),
    );
    writeFileSync(path.join(directory, "planted.js"), "");
    writeFileSync(path.join(directory, "planted.d.ts"), `export declare const planted: ${planted};\n`);
    const imports = [...files, path.join(directory, "planted.js")].map(
      (file, at) => `import * as m${at} from ${JSON.stringify(file)};\nconsole.log(m${at});\n`,
    );
    writeFileSync(path.join(directory, "uses.ts"), imports.join(""));
    const { output } = await tryRun(path.join(root, "node_modules/.bin/tsc"), ["-p", directory]);
    return output.trim();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main(async () => {
  const files = entries();
  await step("declarations of every package compile", async () => {
    const complaints = await compile(files, "number");
    if (complaints !== "") throw new Remedy(complaints.split("\n").slice(0, 20).join("\n"));
    return `${files.length} entries`;
  });
  await step("a declaration that does not compile is noticed", async () => {
    if (!(await compile([], "NoSuchType")).includes("NoSuchType")) throw new Remedy("it was not");
  });
});
