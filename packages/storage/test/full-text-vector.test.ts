import { openEngine } from "@larder/storage";
import test from "ava";
import { migrate } from "../dist/migrator.js";
import { sql } from "../dist/sql.js";
import { temporaryUrl, wholeFile } from "./support.js";

/** The vector that PostgreSQL keeps of a text. */
let vectorOf: (text: string) => Promise<string>;

test.before(async () => {
  const engine = await openEngine(await temporaryUrl(wholeFile, "postgres"));
  wholeFile.teardown(() => engine.close());
  await migrate(engine);
  vectorOf = async (text) => {
    const row = await engine.read(({ executor }) =>
      executor.first<{ vector: string }>(sql`SELECT larder_words(${text})::text AS vector`),
    );
    return String(row?.vector);
  };
});

test("each word stands in the vector with its place", async (t) => {
  t.is(await vectorOf("plum and plum 李子"), "'and':2 'plum':1,3 '李子':4");
  t.is(await vectorOf(""), "");
});

test("quotes, backslashes and the vector's own syntax are parts of words", async (t) => {
  t.is(
    await vectorOf("it's a\\b c:1 'd' & | ! <-> :* ''"),
    ["'!':7 '&':5 '''''':10 '''d''':4 ':*':9 '<->':8 'a\\\\b':2 'c:1':3 'it''s':1 '|':6"].join(""),
  );
});

test("no text is too long: places end at 16383, words at 511 characters, and the vector before it is too large", async (t) => {
  const words = Array.from({ length: 20_000 }, (_, number) => `w${number}`).join(" ");
  t.true((await vectorOf(words)).includes("'w19999':16383"));
  t.is(await vectorOf("é".repeat(3000)), `'${"é".repeat(511)}':1`);
  t.true((await vectorOf("a ".repeat(600_000))).startsWith("'a':1,2,3"));
  const long = Array.from({ length: 5000 }, (_, number) => `${number}${"語".repeat(400)}`).join(" ");
  const vector = await vectorOf(long);
  t.true(vector.includes("'0語") && Buffer.byteLength(vector) < 1_100_000);
});
