import test from "ava";
import parseAvatar from "../../dist/parsers/avatar.js";
import parseBookmark from "../../dist/parsers/bookmark.js";
import parseNick from "../../dist/parsers/nick.js";
import { parsed } from "./payload.js";

const nick = (inner: string) =>
  parsed(parseNick, `<nick xmlns="http://jabber.org/protocol/nick">${inner}</nick>`);

test("a nickname is on one line, and an empty one is withdrawn (XEP-0172 §4.3)", (t) => {
  t.deepEqual(nick("  Ada\n Lovelace "), { nick: "Ada Lovelace" });
  t.deepEqual(nick("<b>x</b>"), { nick: "" });
  t.deepEqual(nick(""), { nick: "" });
  t.regex(String(parsed(parseNick, `<nick xmlns="urn:other"/>`)), /^payload: /);
});

const avatar = (inner: string, id?: string) =>
  parsed(parseAvatar, `<metadata xmlns="urn:xmpp:avatar:metadata">${inner}</metadata>`, id);
const HASH = "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83";

test("an avatar as clients publish it gives id, type and sizes (XEP-0084 §4.2.1)", (t) => {
  t.deepEqual(avatar(`<info bytes="21000" id="${HASH}" type="image/PNG" width="192" height="192"/>`, HASH), {
    id: HASH,
    type: "image/png",
    bytes: 21_000,
    width: 192,
    height: 192,
  });
  t.deepEqual(avatar(`<info id="${HASH}" type="image/webp" bytes="9000"/>`), {
    id: HASH,
    type: "image/webp",
    bytes: 9000,
  });
});

test("of several formats the one of the data node is taken, not one at a web address", (t) => {
  const web = `<info bytes="1" id="web" type="image/gif" url="https://elsewhere.example/a.gif"/>`;
  const own = (id: string) => `<info bytes="2" id="${id}" type="image/png"/>`;
  t.like(avatar(web + own("first") + own(HASH), HASH), { id: HASH });
  t.like(avatar(web + own("first") + own("second"), HASH), { id: "first" });
  t.like(avatar(web, HASH), { id: "web" });
});

test("an avatar that is switched off is there, and empty", (t) => {
  t.deepEqual(avatar(""), {});
});

test("an avatar without what is required, or with sizes that are none, is refused", (t) => {
  t.is(avatar(`<info bytes="1" type="image/png"/>`), "id: the image has none");
  t.is(avatar(`<info bytes="1" id="x"/>`), "type: the image has none");
  for (const bytes of ["", "-1", "1e9", "0x10", "many", "9".repeat(30)])
    t.regex(String(avatar(`<info id="x" type="image/png" bytes="${bytes}"/>`)), /^bytes: /, bytes);
  const odd = avatar(`<info id="x" type="image/png" bytes="1" width="-5" height="1.5"/>`);
  t.deepEqual(odd, { id: "x", type: "image/png", bytes: 1 });
});

const bookmark = (payload: string, id = "Room@Conference.Example") => parsed(parseBookmark, payload, id);

test("a bookmark is named by its item, and autojoins for either spelling of true (XEP-0402 §2)", (t) => {
  const payload = (autojoin: string) =>
    `<conference xmlns="urn:xmpp:bookmarks:1" name="The Room" autojoin="${autojoin}"><nick>ada</nick><password>secret</password>
       <extensions><state xmlns="urn:example"/></extensions></conference>`;
  for (const [autojoin, expected] of [
    ["true", true],
    ["1", true],
    ["false", false],
    ["0", false],
    ["yes", false],
  ] as const)
    t.deepEqual(bookmark(payload(autojoin)), {
      jid: "room@conference.example",
      name: "The Room",
      nick: "ada",
      autojoin: expected,
    });
});

test("the smallest bookmark is one, and an id that is no JID is refused", (t) => {
  t.deepEqual(bookmark(`<conference xmlns="urn:xmpp:bookmarks:1"/>`), {
    jid: "room@conference.example",
    autojoin: false,
  });
  t.regex(
    String(bookmark(`<conference xmlns="urn:xmpp:bookmarks:1"/>`, "a b@c d")),
    /^id: .* is not the JID of a room/,
  );
  t.regex(String(bookmark(`<storage xmlns="storage:bookmarks"/>`)), /^payload: /);
});
