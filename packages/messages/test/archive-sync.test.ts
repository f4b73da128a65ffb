import { type Envelope, StanzaError } from "@larder/core";
import {
  ArchiveRepeatsError,
  ArchiveSync,
  type Batch,
  MessageIntake,
  type MessagingAccount,
} from "@larder/messages";
import { ConstraintError } from "@larder/storage";
import test, { type ExecutionContext } from "ava";
import { FakeArchive, readerOf } from "./fake-archive.js";
import { alice, mine, world } from "./support.js";

const envelopes = () => ({ account: alice, announcesStanzaIds: () => true });
const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();

async function reader(t: ExecutionContext, archive: FakeArchive, since?: Date) {
  const w = await world(t);
  const sync = new ArchiveSync(w.store, w.intake, { envelopes, days: 1e5, since: () => since });
  const account = readerOf(archive, w.account.id);
  const bodies = async () => (await w.history()).map((message) => message.bodies[0]?.text ?? "");
  return { ...w, bodies, account, sync, catchUp: () => sync.catchUp(account, alice) };
}

test("what is said in one second and read in several parts stands in the archive's order", async (t) => {
  const archive = new FakeArchive();
  const w = await reader(t, archive);
  for (let part = 0; part < 6; part++) {
    for (let n = 0; n < 3; n++) archive.say(`${part}.${n}`, at(0));
    await w.catchUp();
    t.deepEqual(await w.bodies(), archive.bodies, `part ${part}`);
  }
});

test("what is missing between the last reading and the newest page comes between them, whatever the stamps", async (t) => {
  const archive = new FakeArchive(7);
  const w = await reader(t, archive);
  for (let n = 0; n < 5; n++) archive.say(`first ${n}`, at(0));
  await w.catchUp();
  for (let n = 0; n < 60; n++) archive.say(`then ${n}`, at(n % 3 === 0 ? 0 : 1000));
  t.like(await w.catchUp(), { received: 60, complete: true });
  t.deepEqual(await w.bodies(), archive.bodies);
});

test("a first reading tells what was said since the account is here, and nothing of before", async (t) => {
  const archive = new FakeArchive(4);
  for (let n = 0; n < 10; n++) archive.say(`old ${n}`, at(n * 1000));
  for (let n = 0; n < 10; n++) archive.say(`new ${n}`, at(20_000));
  const w = await reader(t, archive, new Date(Date.UTC(2026, 0, 1) + 20_900));
  await w.catchUp();
  t.deepEqual(await w.bodies(), archive.bodies);
  t.deepEqual(await w.told(), new Array(10).fill("message_new"));
});

test("an id that the archive has forgotten is taken up by its time, with nothing missing or doubled", async (t) => {
  const archive = new FakeArchive(5);
  const w = await reader(t, archive);
  for (let n = 0; n < 8; n++) archive.say(`kept ${n}`, at(n * 1000));
  await w.catchUp();
  const last = archive.entries.pop();
  for (let n = 0; n < 8; n++) archive.say(`after ${n}`, at(8000 + n * 1000));
  await w.catchUp();
  t.deepEqual(await w.bodies(), [
    ...archive.bodies.slice(0, 7),
    /<body>(.*)<\/body>/.exec(last?.message ?? "")?.[1] ?? "",
    ...archive.bodies.slice(7),
  ]);
});

test("what an archive filed late is found by the next reading, or by the one after where that was cut", async (t) => {
  for (const pages of [0, 1, 2, 3]) {
    const begun = Date.now() - 60_000;
    const at = (ms: number) => new Date(begun + ms).toISOString();
    const archive = new FakeArchive();
    const w = await reader(t, archive);
    archive.say("first", at(0));
    archive.say("last read", at(20_000));
    await w.catchUp();
    archive.say("half a minute later", at(55_000));
    const late = archive.say("filed late", at(19_000));
    archive.entries.splice(1, 0, ...archive.entries.splice(-1));
    t.is(archive.entries[1]?.id, late);
    const heal = archive.cutAfter(pages);
    await w.catchUp().catch(() => {});
    heal();
    t.true((await w.catchUp()).complete);
    t.deepEqual(await w.bodies(), archive.bodies, `cut after ${pages}`);
  }
});

test("an archive that refuses to be asked for what is before an id, or gives more than that, is read all the same", async (t) => {
  for (const refuses of [true, false]) {
    const begun = Date.now() - 300_000;
    const archive = new FakeArchive(5);
    for (let n = 0; n < 100; n++) archive.say(`${n}`, new Date(begun + n * 2000).toISOString());
    const w = await reader(t, archive);
    await w.catchUp();
    archive.say("new", new Date(begun + 250_000).toISOString());
    const { request } = archive;
    archive.knowsStart = false;
    let back = 0;
    archive.request = (iq) => {
      if (iq.getChild("query")?.getChild("set")?.getChildText("before")) {
        back++;
        if (refuses) return Promise.reject(new StanzaError("bad-request"));
      }
      return request.call(archive, iq);
    };
    t.like(await w.catchUp(), { complete: true, received: 1 });
    t.deepEqual(await w.bodies(), archive.bodies);
    t.true(back >= 1 && back <= 10, `${back} pages for half a minute of the archive`);
  }
});

test("a conversation that is read from between two copies of a message leaves it where the first is", async (t) => {
  const archive = new FakeArchive();
  const w = await reader(t, archive);
  const sent = (stamp: string) =>
    archive.entries.push({
      id: stamp,
      stamp,
      message: mine("again", "m1", '<origin-id xmlns="urn:xmpp:sid:0" id="m1"/>'),
    });
  sent(at(0));
  archive.say("between", at(60_000));
  sent(at(120_000));
  archive.say("after", at(121_000));
  await w.catchUp();
  await w.sync.conversation(w.account, "bob@larder.test", new Date(at(100_000)));
  t.deepEqual(await w.bodies(), ["again", "between", "after"]);
});

test("a quick archive is asked for large pages after the first, and for each stretch once", async (t) => {
  const archive = new FakeArchive();
  const w = await reader(t, archive);
  archive.say("first", at(0));
  await w.catchUp();
  archive.asked = 0;
  for (let n = 0; n < 3050; n++) archive.say(`then ${n}`, at(n * 1000));
  t.like(await w.catchUp(), { received: 3050, complete: true });
  t.is(archive.asked, 5, "what comes after, the newest, and three large ones");
});

const receiptFor = (id: string) =>
  `<message xmlns="jabber:client" from="bob@larder.test/phone" to="${alice}"><received xmlns="urn:xmpp:receipts" id="${id}"/></message>`;

test("a receipt counts though its message is read pages after it, going back, by a later session", async (t) => {
  const archive = new FakeArchive(2);
  const w = await reader(t, archive);
  const put = (id: string, message: string) => archive.entries.push({ id, stamp: at(0), message });
  put("1", mine("m1", "m1"));
  for (let n = 1; n < 8; n++) archive.say(`x${n}`, at(0));
  put("9", receiptFor("m1"));
  put("10", receiptFor("nobody-has-this"));
  const cut = archive.cutAfter(2);
  await t.throwsAsync(w.catchUp(), { message: "cut" });
  cut();
  t.is(await w.store.waiting.count(), 2);
  await w.catchUp();
  t.deepEqual(
    (await w.history()).map(({ bodies, state }) => [bodies[0]?.text, state]),
    [["m1", "delivered"], ...Array.from({ length: 7 }, (_, n) => [`x${n + 1}`, undefined])],
  );
  t.is(await w.store.waiting.count(), 0, "what nothing was found for is not kept for ever");
});

test("of what comes before its message, our other device's mark counts, and its receipts are not kept", async (t) => {
  const archive = new FakeArchive(2);
  const w = await reader(t, archive);
  const now = new Date().toISOString(); // what was said before the account is here counts as seen
  const fromUs = (child: string) =>
    `<message xmlns="jabber:client" from="${alice}/other" to="bob@larder.test">${child}</message>`;
  const put = (message: string) =>
    archive.entries.push({ id: `own-${archive.entries.length}`, stamp: now, message });
  for (let n = 0; n < 6; n++) archive.say(`x${n}`, now, `x${n}`);
  put(fromUs(`<received xmlns="urn:xmpp:receipts" id="w-x0"/>`));
  put(fromUs(`<displayed xmlns="urn:xmpp:chat-markers:0" id="w-x1"/>`));
  const again = archive.cutAfter(1);
  await t.throwsAsync(w.catchUp(), { message: "cut" });
  t.is(await w.store.waiting.count(), 1);
  again();
  await w.catchUp();
  const { conversations } = await w.store.conversations.list({ accountId: w.account.id, limit: 1 });
  const marked = (await w.history()).find(({ position }) => position === conversations[0]?.displayedPosition);
  t.is(marked?.bodies[0]?.text, "x1");
  t.is(conversations[0]?.unread, 4);
});

test("an archive that gives the same page again and again is left with an error, and the gap stays", async (t) => {
  const archive = new FakeArchive(5);
  const w = await reader(t, archive);
  archive.say("first", at(0));
  await w.catchUp();
  for (let n = 0; n < 300; n++) archive.say(`then ${n}`, at(1000 + n));
  archive.repeats = true;
  const { asked } = archive;
  await t.throwsAsync(w.catchUp(), { instanceOf: ArchiveRepeatsError });
  t.true(archive.asked - asked < 12, `${archive.asked - asked} pages were asked for`);
  t.is((await w.store.archives.gaps(w.account.id, alice)).length, 1);
  archive.repeats = false;
  t.like(await w.catchUp(), { complete: true });
  t.deepEqual(await w.bodies(), archive.bodies);
});

for (const [way, first] of [
  ["back", 0],
  ["forward", 1],
] as const)
  test(`a page going ${way} of which one message cannot be kept is kept without it, and the reading goes on`, async (t) => {
    const archive = new FakeArchive(4);
    const w = await reader(t, archive);
    const dropped: unknown[] = [];
    class Intake extends MessageIntake {
      override takeAll(account: MessagingAccount, envelopes: readonly Envelope[], batch: Batch) {
        const poisoned = envelopes.some(({ message }) => message.getChildText("body") === "poison");
        return poisoned
          ? w.store.database.write(() => Promise.reject(new ConstraintError("UNIQUE")))
          : super.takeAll(account, envelopes, batch);
      }
    }
    const sync = new ArchiveSync(w.store, new Intake(w.store), {
      envelopes,
      days: 1e5,
      onDropped: (_, by, error) => dropped.push([by, error instanceof ConstraintError]),
    });
    for (let n = 0; n < first; n++) archive.say("before", at(0));
    if (first > 0) await sync.catchUp(w.account, alice);
    for (let n = 0; n < 20; n++) archive.say(n === 9 ? "poison" : `${n}`, at(n * 1000));
    t.like(await sync.catchUp(w.account, alice), { complete: true });
    t.deepEqual(
      await w.bodies(),
      archive.bodies.filter((body) => body !== "poison"),
    );
    t.true(dropped.length > 0);
    t.deepEqual(dropped[0], [alice, true]);
  });
