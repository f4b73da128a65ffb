// Checks who imports whom (rules: .dependency-cruiser.cjs), and that each rule catches a planted violation.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { accomplices, innocent, planted } from "./lib/planted.mjs";
import { workspaces } from "./lib/pnpm.mjs";
import { root } from "./lib/root.mjs";
import { tryRun } from "./lib/run.mjs";
import { main, Remedy, step } from "./lib/steps.mjs";

const places = ["packages", "apps", "bench", "demo"];

/** dependency-cruiser's findings for the tree at `cwd`. */
async function cruise(cwd) {
  const program = path.join(root, "node_modules", "dependency-cruiser", "bin", "dependency-cruise.mjs");
  const args = [program, "--config", ".dependency-cruiser.cjs", "--output-type", "json", ...places];
  const { output } = await tryRun(process.execPath, args, { cwd });
  try {
    return JSON.parse(output.slice(output.indexOf("{")));
  } catch {
    throw new Remedy(`dependency-cruiser gave no result:\n${output}`);
  }
}

/** All TypeScript modules under a directory, relative to the root, without output and dependencies. */
function modulesUnder(directory) {
  if (!existsSync(path.join(root, directory))) return [];
  return readdirSync(path.join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(directory, entry.name);
    if (entry.isDirectory())
      return ["node_modules", "dist", "dist-test"].includes(entry.name) ? [] : modulesUnder(name);
    return /(?<!\.d)\.ts$/.test(entry.name) ? [name] : [];
  });
}

/** The tree without what no rule looks at, in a temporary directory, with the planted modules in it. */
function plant() {
  const copy = mkdtempSync(path.join(tmpdir(), "larder-imports-"));
  for (const file of ["package.json", "pnpm-workspace.yaml", "tsconfig.base.json", ".dependency-cruiser.cjs"])
    cpSync(path.join(root, file), path.join(copy, file));
  const links = path.join(copy, "node_modules");
  mkdirSync(path.join(links, "@larder"), { recursive: true });
  for (const entry of readdirSync(path.join(root, "node_modules")))
    if (entry !== "@larder") symlinkSync(path.join(root, "node_modules", entry), path.join(links, entry));
  for (const place of workspaces()) {
    // As if every package had all others among its dependencies: a wrong import resolves, and a rule has to see it.
    symlinkSync(path.join(copy, place), path.join(links, "@larder", path.basename(place)));
    for (const part of ["package.json", "src", "test", "dist", "node_modules"]) {
      const from = path.join(root, place, part);
      // Links between packages are relative, so in the copy they lead into the copy.
      if (existsSync(from))
        cpSync(from, path.join(copy, place, part), { recursive: true, verbatimSymlinks: true });
    }
  }
  for (const { path: name, text } of [...planted, ...accomplices, ...innocent]) {
    mkdirSync(path.dirname(path.join(copy, name)), { recursive: true });
    writeFileSync(path.join(copy, name), text);
  }
  return copy;
}

const describe = ({ rule, from, to, cycle }) =>
  `${rule.name}: ${from} → ${cycle ? cycle.map((hop) => hop.name).join(" → ") : to}`;

await main(async () => {
  await step("imports", async () => {
    const { summary, modules } = await cruise(root);
    if (summary.violations.length > 0) throw new Remedy(summary.violations.map(describe).join("\n"));
    const seen = new Set(modules.map(({ source }) => source));
    const unseen = places.flatMap(modulesUnder).filter((name) => !seen.has(name));
    if (unseen.length > 0)
      throw new Remedy(`${unseen.length} modules were not looked at, for example ${unseen[0]}`);
    if (seen.size < 20) throw new Remedy(`only ${seen.size} modules were looked at: something is missing`);
    return `${seen.size} modules, ${summary.totalDependenciesCruised} imports`;
  });
  await step("every rule catches a planted violation", async () => {
    const copy = plant();
    try {
      const { summary } = await cruise(copy);
      const reported = (rule, name) =>
        summary.violations.some((found) => found.rule.name === rule && found.from === name);
      const missed = planted.filter(({ rule, path: name }) => !reported(rule, name));
      const wronged = innocent.filter(({ path: name }) =>
        summary.violations.some(({ from }) => from === name),
      );
      const rules = new Set(summary.ruleSetUsed.forbidden.map(({ name }) => name));
      const unproven = [...rules].filter((rule) => !planted.some((entry) => entry.rule === rule));
      const problems = [
        ...missed.map(({ rule, path: name }) => `${rule} does not report ${name}`),
        ...wronged.map(({ path: name }) => `${name} is reported and should not be`),
        ...unproven.map((rule) => `nothing is planted for ${rule}`),
      ];
      if (problems.length > 0) throw new Remedy(problems.join("\n"));
      return `${rules.size} rules, ${planted.length} violations`;
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});
