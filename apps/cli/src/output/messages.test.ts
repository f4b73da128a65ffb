import test from "ava";
import { briefly, renderMessage } from "./messages.js";

const message: Parameters<typeof renderMessage>[0] = {
  uid: "u1",
  account: "alice@larder.test",
  from: "bob@larder.test/phone",
  to: "alice@larder.test",
  conversation: "bob@larder.test",
  direction: "in",
  type: "chat",
  bodies: [],
  subjects: [],
  timestamp: "2026-01-01T12:00:00.000Z",
  receivedAt: "2026-01-01T12:00:00.000Z",
  reactions: [],
  extra: {},
};
const linesOf = (rest: Partial<typeof message>) =>
  renderMessage({ ...message, ...rest })
    .split("\n")
    .slice(1);
const url = "https://download.example/summit.jpg";

test("a file without a text is shown with name, size, type and address", (t) => {
  const attachments = [{ url, name: "summit.jpg", size: 3_032_449, type: "image/jpeg" }];
  t.deepEqual(linesOf({ attachments }), [`    file: summit.jpg (3.0 MB, image/jpeg) ${url}`]);
  t.is(briefly({ ...message, attachments }, 50), "file: summit.jpg");
});

test("a file whose address is the text is not shown twice", (t) => {
  t.deepEqual(linesOf({ bodies: [{ lang: "", text: url }], attachments: [{ url }] }), [`    ${url}`]);
});

test("an invitation without a text is shown with room, inviter and reason, and its text cannot steer the terminal", (t) => {
  const invitation = { room: "tea@rooms.larder.test", inviter: "bob@larder.test", reason: "Tea\u001b[2J?" };
  t.deepEqual(linesOf({ invitation }), [
    "    invitation into tea@rooms.larder.test by bob@larder.test: Tea\ufffd[2J?",
  ]);
  t.is(briefly({ ...message, invitation }, 50), "invitation into tea@rooms.larder.test");
});
