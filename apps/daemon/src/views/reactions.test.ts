import type { ReactionWatcher, StandingReactions } from "@larder/storage";
import test from "ava";
import { ReactionViews, reactionsOf } from "./reactions.js";

/** A ledger that answers when it is told to. */
function ledger() {
  const standing = new Map<number, string[]>();
  const asked: number[][] = [];
  let watcher: ReactionWatcher = () => () => {};
  let hold: Promise<void> | undefined;
  const source = {
    reactions: {
      async standing(ids: readonly number[]): Promise<StandingReactions[]> {
        asked.push([...ids]);
        const found = ids.flatMap((messageId) =>
          (standing.get(messageId) ?? []).map((emoji, at) => ({
            messageId,
            conversation: "bob@larder.test",
            groupchat: false,
            sender: `s${at}@larder.test`,
            own: false,
            emojis: [emoji],
            since: [at],
            position: at,
          })),
        );
        await hold;
        return found;
      },
      watch(told: ReactionWatcher) {
        watcher = told;
        return () => {};
      },
    },
    database: { isJoined: false },
  };
  return {
    source,
    asked,
    set: (id: number, emojis: string[]) => standing.set(id, emojis),
    change: (...ids: number[]) => watcher(new Set(ids)),
    /** Readings wait until what is returned is called. */
    hold() {
      let release = () => {};
      hold = new Promise((resolve) => {
        release = resolve;
      });
      return () => {
        hold = undefined;
        release();
      };
    },
  };
}

test("what stands is read once, written in ASCII, and says the same as the view", async (t) => {
  const { source, asked, set } = ledger();
  set(1, ["👍", "❤️", "👍"]);
  const views = new ReactionViews(source);
  const texts = await views.texts([1, 2]);
  t.deepEqual(JSON.parse(texts.get(1) ?? ""), (await reactionsOf(source, [1])).get(1));
  t.regex(texts.get(1) ?? "", /^[\x20-\x7e]+$/);
  t.is(texts.get(2), "[]", "that a message has none is known too");
  t.deepEqual([...(await views.texts([2, 1, 3]))].sort(), [...texts, [3, "[]"]].sort());
  t.deepEqual(asked, [[1, 2], [1], [3]]);
});

test("a change makes its message's text anew, as often as units change it, and no other", async (t) => {
  const { source, asked, set, change } = ledger();
  const views = new ReactionViews(source);
  await views.texts([1, 2]);
  const ended = [change(1), change(1)];
  set(1, ["👍"]);
  await views.texts([1, 2]);
  ended[0]?.();
  await views.texts([1, 2]);
  ended[1]?.();
  t.regex((await views.texts([1, 2])).get(1) ?? "", /ud83d/);
  await views.texts([1, 2]);
  t.deepEqual(asked, [[1, 2], [1], [1], [1]], "while it is being changed, nothing is kept of it");
});

test("what was read before a change began is not kept after it has ended", async (t) => {
  const { source, set, change, hold } = ledger();
  const views = new ReactionViews(source);
  const release = hold();
  const before = views.texts([1]);
  const ended = change(1);
  set(1, ["👍"]);
  ended();
  release();
  t.is((await before).get(1), "[]");
  t.not((await views.texts([1])).get(1), "[]");
});

test("inside a unit of work nothing is taken from memory or kept in it", async (t) => {
  const { source, asked } = ledger();
  const views = new ReactionViews(source);
  source.database.isJoined = true;
  await views.texts([1]);
  source.database.isJoined = false;
  await views.texts([1]);
  source.database.isJoined = true;
  await views.texts([1]);
  t.is(asked.length, 3);
});

test("what was not used for longest goes first when the texts are too many", async (t) => {
  const { source, asked } = ledger();
  const views = new ReactionViews(source, 3 * 66); // an empty one and its place
  await views.texts([1, 2, 3]);
  await views.texts([1]);
  await views.texts([4]);
  await views.texts([1, 3, 4]);
  t.deepEqual(asked, [[1, 2, 3], [4]]);
  await views.texts([2]);
  t.deepEqual(asked.at(-1), [2]);
});
