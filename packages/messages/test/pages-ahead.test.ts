import type { ArchivePage } from "@larder/core";
import test from "ava";
import { PagesAhead } from "../dist/pages-ahead.js";

const page = (id: string, complete = false): ArchivePage => ({ results: [{ id }], rsm: {}, complete });
const edgeOf = ({ results, complete }: ArchivePage) => (complete ? undefined : results[0]?.id);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An archive whose answers the test gives, in any order. */
class Answers {
  readonly asked: string[] = [];
  readonly #edges = new Map<string, (id: string) => void>();
  readonly #answers = new Map<
    string,
    { resolve: (page: ArchivePage) => void; reject: (error: Error) => void }
  >();
  readonly source = {
    edgeOf,
    endOf: ({ results }: ArchivePage) => results[0]?.id,
    ask: (from: string, onEdge: (id: string) => void) => {
      this.asked.push(from);
      this.#edges.set(from, onEdge);
      return new Promise<ArchivePage>((resolve, reject) => this.#answers.set(from, { resolve, reject }));
    },
  };

  first(from: string, id: string): void {
    this.#edges.get(from)?.(id);
  }

  async answer(from: string, answer: ArchivePage | Error): Promise<void> {
    const waiting = this.#answers.get(from);
    if (answer instanceof Error) waiting?.reject(answer);
    else waiting?.resolve(answer);
    await turn();
  }
}

test("the next page is asked for when the one before it is there, though nobody has taken that", async (t) => {
  const archive = new Answers();
  const pages = new PagesAhead(archive.source, "a");
  await archive.answer("a", page("b"));
  await archive.answer("b", page("c"));
  t.deepEqual(archive.asked, ["a", "b", "c"]);
  t.deepEqual(await pages.next(), page("b"));
  t.deepEqual(await pages.next(), page("c"));
  await archive.answer("c", page("d", true));
  t.deepEqual(await pages.next(), page("d", true));
  t.is(await pages.next(), undefined);
  t.deepEqual(archive.asked, ["a", "b", "c"]);
});

test("no more than three pages wait", async (t) => {
  const archive = new Answers();
  const pages = new PagesAhead(archive.source, "a");
  for (const [from, id] of [
    ["a", "b"],
    ["b", "c"],
    ["c", "d"],
  ] as const)
    await archive.answer(from, page(id));
  t.deepEqual(archive.asked, ["a", "b", "c"]);
  await pages.next();
  t.deepEqual(archive.asked, ["a", "b", "c", "d"]);
});

test("a page is asked for as soon as its beginning is known, and not twice", async (t) => {
  const archive = new Answers();
  const pages = new PagesAhead(archive.source, "a");
  archive.first("a", "b");
  t.deepEqual(archive.asked, ["a", "b"]);
  await archive.answer("a", page("b"));
  t.deepEqual(archive.asked, ["a", "b"]);
  await archive.answer("b", page("c", true));
  t.deepEqual(
    [await pages.next(), await pages.next(), await pages.next()],
    [page("b"), page("c", true), undefined],
  );
});

test("what was asked for too early is left out: from a wrong place, or beyond the end", async (t) => {
  const archive = new Answers();
  const pages = new PagesAhead(archive.source, "a");
  archive.first("a", "wrong");
  await archive.answer("a", page("b"));
  await archive.answer("wrong", page("lost"));
  t.deepEqual(archive.asked, ["a", "wrong", "b"]);
  archive.first("b", "c");
  await archive.answer("b", page("c", true));
  await archive.answer("c", new Error("there is nothing more"));
  t.deepEqual(
    [await pages.next(), await pages.next(), await pages.next()],
    [page("b"), page("c", true), undefined],
  );
});

test("a request that fails is told in its turn, after the pages before it", async (t) => {
  const archive = new Answers();
  const pages = new PagesAhead(archive.source, "a");
  await archive.answer("a", page("b"));
  await archive.answer("b", new Error("refused"));
  t.deepEqual(await pages.next(), page("b"));
  await t.throwsAsync(pages.next(), { message: "refused" });
  t.is(await pages.next(), undefined);
});
