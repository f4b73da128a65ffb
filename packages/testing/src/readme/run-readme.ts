import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SNIPPET = /```js\n([\s\S]*?)```\s+It prints:\s+```text\n([\s\S]*?)```/;

/**
 * Runs the snippet of a package's README as a program of its own, in the package, so that its imports
 * are found as a user's would be.
 *
 * @param directory the package's directory, with a slash at its end
 * @param environment what it finds in its environment beside our own
 * @returns what it printed, and what the README says that it prints
 */
export async function runReadme(
  directory: URL,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ printed: string; promised: string }> {
  const [, snippet, promised] = SNIPPET.exec(await readFile(new URL("README.md", directory), "utf8")) ?? [];
  if (snippet === undefined || promised === undefined) throw new Error("the README has no snippet");
  const file = fileURLToPath(new URL(`dist-test/readme-${process.pid}.mjs`, directory));
  await mkdir(new URL("dist-test/", directory), { recursive: true });
  await writeFile(file, snippet);
  // A snippet need not clear up after itself to be a good example.
  const temporary = await mkdtemp(join(tmpdir(), "larder-readme-"));
  try {
    const env = { ...process.env, ...environment, TMPDIR: temporary };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 60_000, env });
    return { printed: stdout, promised };
  } finally {
    await rm(file, { force: true });
    await rm(temporary, { recursive: true, force: true });
  }
}
