import { lstat, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openDigestKey } from "./digest-key.js";

async function temporaryFile(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "larder-key-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "digest.key");
}

test("the key of digests is made once, for its user alone, and is another in another instance", async (t) => {
  const [here, elsewhere] = [await temporaryFile(t), await temporaryFile(t)];
  const key = await openDigestKey(here);
  t.is(key.length, 32);
  t.is((await stat(here)).mode & 0o777, 0o600);
  t.deepEqual(await openDigestKey(here), key);
  t.notDeepEqual(await openDigestKey(elsewhere), key);
});

test("a key that a crash has left half-written is made anew, and no link beside it is followed", async (t) => {
  const path = await temporaryFile(t);
  const victim = `${path}.victim`;
  await writeFile(path, "abcd");
  await writeFile(victim, "left alone");
  await symlink(victim, `${path}.new`);
  t.is((await openDigestKey(path)).length, 32);
  t.is((await stat(victim)).size, "left alone".length);
  t.true((await lstat(path)).isFile());
});
