import { NotAcceptableError, UnsupportedError } from "@larder/core";
import { qualifyEmoji } from "@larder/reactions";
import test, { type ExecutionContext } from "ava";
import {
  alice,
  bob,
  emojisOf,
  inRoom,
  occupant,
  ofRoom,
  refusalOf,
  room,
  sentCarbon,
  set,
  stanza,
  type World,
  world,
} from "./support.js";

type Rule = readonly [section: string, rule: string, proof: (t: ExecutionContext, w: World) => Promise<void>];

const noStore = '<message><no-store xmlns="urn:xmpp:hints"/></message>';

/** XEP-0444 0.2.1, a row for each rule. That support is announced (§2.1) is shown where the daemon answers disco. */
const rules: readonly Rule[] = [
  [
    "2.2",
    "a set of more emojis than the other side takes is refused before it is sent",
    async (t, w) => {
      w.situation.restrictions = { maxPerUser: 1 };
      const { id } = await w.message();
      await w.reactions.set(w.account, id, ["👍"], "add");
      const error = await t.throwsAsync(w.reactions.set(w.account, id, ["🎉"], "add"), {
        instanceOf: NotAcceptableError,
      });
      t.regex(error?.message ?? "", /at most 1/);
      t.is(w.sent.length, 1);
    },
  ],
  [
    "2.2",
    "an emoji that the other side does not take is refused before it is sent, whatever its spelling, and taking away is not",
    async (t, w) => {
      const { id } = await w.message();
      await w.reactions.set(w.account, id, ["🎉", "👋"], "add");
      w.situation.restrictions = { allowed: ["❤️", "💜"] };
      await t.throwsAsync(w.reactions.set(w.account, id, ["👍"], "replace"), { message: /^👍 .*❤️ 💜/ });
      await w.reactions.set(w.account, id, ["👋"], "remove");
      await w.reactions.set(w.account, id, [], "replace");
      await w.reactions.set(w.account, id, ["\u2764"], "add");
      t.deepEqual(w.sent.map(emojisOf), [["🎉", "👋"], ["🎉"], [], ["❤️"]]);
    },
  ],
  [
    "3.1",
    "the message is named in the id attribute of <reactions/>",
    async (t, w) => {
      await w.reactions.set(w.account, (await w.message({ wireId: "744f" })).id, ["👋"], "add");
      t.is(w.sent[0]?.getChild("reactions", "urn:xmpp:reactions:0")?.attrs.id, "744f");
    },
  ],
  [
    "3.2",
    "every stanza carries the complete new set, and an empty one takes all away",
    async (t, w) => {
      const { id } = await w.message();
      await w.reactions.set(w.account, id, ["👋"], "add");
      await w.reactions.set(w.account, id, ["🐢"], "add");
      await w.reactions.set(w.account, id, ["👋", "🐢"], "remove");
      t.deepEqual(w.sent.map(emojisOf), [["👋"], ["👋", "🐢"], []]);
      t.is(w.sent[2]?.getChildren("reactions").length, 1);
    },
  ],
  [
    "3.2",
    "what is received takes the place of the whole set, and an empty set removes it",
    async (t, w) => {
      const message = await w.message();
      await w.take(stanza("👍🎉"));
      await w.take(stanza("😂"));
      t.deepEqual(await w.sets(message), { [bob]: ["😂"] });
      await w.take(stanza(""));
      t.deepEqual(await w.sets(message), {});
    },
  ],
  [
    "3.3",
    "a refusal restores exactly the set before, and tells why",
    async (t, w) => {
      const message = await w.message();
      await w.reactions.set(w.account, message.id, ["👍", "💜"], "add");
      await w.reactions.set(w.account, message.id, ["💘", "👍"], "toggle");
      t.true(await w.take(refusalOf(w.sent[1])));
      t.deepEqual(await w.sets(message), { [alice]: ["👍", "💜"] });
      t.like((await w.told()).at(-1), {
        uid: message.uid,
        update: "reactions",
        difference: { added: ["👍"], removed: ["💘"] },
        error: { type: "not_acceptable", condition: "not-acceptable" },
      });
    },
  ],
  [
    "4",
    "two <reactions/> in one message are none",
    async (t, w) => {
      const message = await w.message();
      t.false(await w.take(stanza("👍", { extra: set("🎉") })));
      t.deepEqual(await w.sets(message), {});
    },
  ],
  [
    "4",
    "the type is that of the message",
    async (t, w) => {
      await w.reactions.set(w.account, (await w.message()).id, ["👍"], "add");
      await w.reactions.set(w.account, (await w.message(ofRoom("bo"))).id, ["👍"], "add");
      t.deepEqual(
        w.sent.map(({ attrs }) => [attrs.type, attrs.to]),
        [
          ["chat", bob],
          ["groupchat", room],
        ],
      );
    },
  ],
  [
    "4",
    "a headline is reacted to as in a chat: the type is one that waits for whoever is offline",
    async (t, w) => {
      await w.reactions.set(w.account, (await w.message({ type: "headline" })).id, ["👍"], "add");
      t.is(w.sent[0]?.attrs.type, "chat");
    },
  ],
  [
    "4",
    "what is not one displayable emoji is refused by name when sent, and ignored when received",
    async (t, w) => {
      const message = await w.message();
      const error = t.throws(() => w.reactions.set(w.account, message.id, ["👍", "+1"], "add"), {
        instanceOf: NotAcceptableError,
      });
      t.regex(error?.message ?? "", /"\+1"/);
      await w.take(stanza(["👍", "+1", "👍🎉", "", "a"]));
      t.deepEqual(await w.sets(message), { [bob]: ["👍"] });
    },
  ],
  [
    "4",
    "no emoji is sent twice, and a repeated one counts once",
    async (t, w) => {
      const message = await w.message();
      await w.reactions.set(w.account, message.id, ["\u2764", "❤️", "👍", "👍"], "replace");
      t.deepEqual(emojisOf(w.sent[0]), ["❤️", "👍"]);
      await w.take(stanza(["👍", "👍", "\u2764", "❤️"]));
      t.deepEqual((await w.shown(message))["👍"], [alice, bob]);
    },
  ],
  [
    "4",
    "of endless emojis of one person the first hundred count",
    async (t, w) => {
      const message = await w.message();
      const faces = Array.from({ length: 128 }, (_, n) => String.fromCodePoint(0x1f400 + n)).filter(
        (each) => qualifyEmoji(each) === each,
      );
      t.true(faces.length > 100);
      await w.take(stanza(faces));
      t.deepEqual(await w.sets(message), { [bob]: faces.slice(0, 100) });
    },
  ],
  [
    "4",
    "a store hint goes with it, unless the message asks to be stored nowhere",
    async (t, w) => {
      await w.reactions.set(w.account, (await w.message()).id, ["👍"], "add");
      await w.reactions.set(w.account, (await w.message({ wireId: "n", raw: noStore })).id, ["👍"], "add");
      t.deepEqual(
        w.sent.map((each) => each.getChild("store", "urn:xmpp:hints") !== undefined),
        [true, false],
      );
    },
  ],
  [
    "4",
    "after a correction we name the first version, and who names the correction means the first version",
    async (t, w) => {
      const message = await w.message();
      const alias = { messageId: message.id, accountId: w.account.id, conversation: bob, givenBy: bob };
      await w.store.aliases.add({ ...alias, kind: "wire", value: "m2", correction: true });
      await w.take(stanza("👍", { target: "m2" }));
      await w.take(stanza("🎉", { target: "m" }));
      t.deepEqual(await w.sets(message), { [bob]: ["🎉"] });
      await w.reactions.set(w.account, message.id, ["😂"], "add");
      t.is(w.sent[0]?.getChild("reactions")?.attrs.id, "m");
    },
  ],
  [
    "4",
    "where only a correction is here, the first version is named all the same",
    async (t, w) => {
      const { id } = await w.message({ wireId: "m2", originId: "m2", standsFor: "m1" });
      await w.reactions.set(w.account, id, ["👍"], "add");
      t.is(w.sent[0]?.getChild("reactions")?.attrs.id, "m1");
    },
  ],
  [
    "3.1",
    "the stanza says nothing else: no body, nor anything that a client without reactions would show",
    async (t, w) => {
      await w.reactions.set(w.account, (await w.message()).id, ["👍"], "add");
      t.deepEqual(
        w.sent[0]?.getChildElements().map((child) => [child.getName(), child.getNS()]),
        [
          ["reactions", "urn:xmpp:reactions:0"],
          ["store", "urn:xmpp:hints"],
        ],
      );
    },
  ],
  [
    "4",
    "a body beside the reactions says nothing",
    async (t, w) => {
      const message = await w.message();
      t.true(await w.take(stanza("👍", { extra: "<body>reacted with 👍</body>" })));
      t.deepEqual(await w.sets(message), { [bob]: ["👍"] });
    },
  ],
  [
    "4.1",
    "in direct conversations only the two parties react",
    async (t, w) => {
      const message = await w.message();
      await w.take(stanza("😂", { from: "mallory@evil.test/x" }));
      t.deepEqual(await w.sets(message), {});
      await w.take(stanza("👍", { from: `${bob}/another` }));
      await w.take(sentCarbon(stanza("🎉", { from: `${alice}/web`, to: bob })));
      t.deepEqual(await w.sets(message), { [bob]: ["👍"], [alice]: ["🎉"] });
    },
  ],
  [
    "4.1",
    "an update comes from the same occupant, whatever the nick",
    async (t, w) => {
      const message = await w.message(ofRoom("bo"));
      await w.take(inRoom("bo", "👍", { extra: occupant("occ-bob") }));
      await w.take(inRoom("bobby", "🎉", { extra: occupant("occ-bob") }));
      await w.take(inRoom("bo", "😂", { extra: occupant("occ-carol") }));
      t.deepEqual(await w.sets(message), { "occ-bob": ["🎉"], "occ-carol": ["😂"] });
    },
  ],
  [
    "4.1",
    "without occupant ids the real address tells the occupant, where the room shows it",
    async (t, w) => {
      w.situation.occupantIds = false;
      const message = await w.message(ofRoom("bo"));
      w.situation.realJids.set(`${room}/bo`, "bob@x.test").set(`${room}/bobby`, "bob@x.test");
      await w.take(inRoom("bo", "👍"));
      await w.take(inRoom("bobby", "🎉"));
      t.deepEqual(await w.sets(message), { "bob@x.test": ["🎉"] });
    },
  ],
  [
    "4.1",
    "where only a nick tells, it counts while presence shows it with the same person since before the message",
    async (t, w) => {
      w.situation.occupantIds = false;
      const message = await w.message(ofRoom("bo", { timestamp: new Date(10_000) }));
      w.situation.presentSince.set(`${room}/bo`, new Date(5_000)).set(`${room}/late`, new Date(20_000));
      await w.take(inRoom("bo", "👍"));
      await w.take(inRoom("late", "🎉"));
      await w.take(inRoom("unseen", "😂"));
      t.deepEqual(await w.sets(message), { [`${room}/bo`]: ["👍"] });
      w.situation.presentSince.set(`${room}/bo`, new Date(30_000)); // somebody else has the nick now
      await w.take(inRoom("bo", ""));
      t.deepEqual(await w.sets(message), { [`${room}/bo`]: ["👍"] });
    },
  ],
  [
    "4.1",
    "what an archive brings by nick alone counts for nobody: there it may have been another's",
    async (t, w) => {
      w.situation.occupantIds = false;
      const message = await w.message(ofRoom("bo", { timestamp: new Date(10_000) }));
      w.situation.presentSince.set(`${room}/bo`, new Date(5_000));
      await w.takePage([["a1", "2026-01-01T00:00:00Z", inRoom("bo", "👍", { id: "1" })]], { archive: room });
      await w.take(inRoom("bo", "🎉", { id: "2", delay: "2026-01-01T00:00:00Z" }));
      t.deepEqual(await w.sets(message), {});
    },
  ],
  [
    "4.1",
    "in private room messages too, an occupant is known by the occupant-id",
    async (t, w) => {
      const pm = { conversation: `${room}/bo`, from: `${room}/bo`, sender: `${room}/bo` };
      const message = await w.message(pm);
      const mark = '<x xmlns="http://jabber.org/protocol/muc#user"/>';
      await w.take(stanza("👍", { from: `${room}/bo`, extra: occupant("occ-bob") + mark }));
      await w.take(stanza("😂", { from: `${room}/bo`, extra: mark }));
      t.deepEqual(await w.sets(message), { "occ-bob": ["👍"] });
      await w.reactions.set(w.account, message.id, ["🎉"], "add");
      t.like(w.sent[0]?.attrs, { to: `${room}/bo`, type: "chat" });
      t.truthy(w.sent[0]?.getChild("x", "http://jabber.org/protocol/muc#user"));
    },
  ],
  [
    "4.1",
    "a delayed one counts only where nothing newer of its sender was accepted",
    async (t, w) => {
      const message = await w.message();
      await w.take(stanza("🎉", { delay: "2020-01-02T00:00:00Z" }));
      await w.take(stanza("👍", { delay: "2020-01-01T00:00:00Z" }));
      t.deepEqual(await w.sets(message), { [bob]: ["🎉"] });
      await w.take(stanza(""));
      await w.take(stanza("😂", { delay: "2020-01-03T00:00:00Z" }));
      t.deepEqual(await w.sets(message), {});
    },
  ],
  [
    "4.2",
    "in rooms the room's stanza-id names the message and never another id; without one it cannot be reacted to",
    async (t, w) => {
      const message = await w.message(ofRoom("bo", { originId: "o" }));
      await w.take(inRoom("bo", "👍", { target: "w", extra: occupant("occ-bob") }));
      await w.take(inRoom("bo", "👍", { target: "o", extra: occupant("occ-bob") }));
      t.deepEqual(await w.sets(message), {});
      await w.reactions.set(w.account, message.id, ["🎉"], "add");
      t.is(w.sent[0]?.getChild("reactions")?.attrs.id, "r");
      for (const stanzaIdBy of [undefined, alice]) {
        const other = await w.message(ofRoom("bo", { stanzaId: stanzaIdBy && "a", stanzaIdBy }));
        await t.throwsAsync(w.reactions.set(w.account, other.id, ["🎉"], "add"), {
          instanceOf: UnsupportedError,
        });
      }
    },
  ],
  [
    "4.2",
    "elsewhere the origin-id names the message where it has one, else its id; a message without either cannot be reacted to",
    async (t, w) => {
      const both = await w.message({ originId: "o" });
      await w.reactions.set(w.account, both.id, ["👍"], "add");
      t.is(w.sent[0]?.getChild("reactions")?.attrs.id, "o");
      await w.take(stanza("🎉", { target: "o" }));
      t.deepEqual((await w.sets(both))[bob], ["🎉"]);
      const without = await w.message({ wireId: undefined });
      await t.throwsAsync(w.reactions.set(w.account, without.id, ["👍"], "add"), {
        instanceOf: UnsupportedError,
      });
    },
  ],
];

for (const [section, rule, proof] of rules)
  test(`XEP-0444 §${section}: ${rule}`, async (t) => proof(t, await world(t)));
