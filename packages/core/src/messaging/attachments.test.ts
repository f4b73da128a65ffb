import test from "ava";
import { readWebAddress } from "../address.js";
import { parseTrustedXml } from "../xml/element.js";
import { readAttachments } from "./attachments.js";
import { readInvitation } from "./invitation.js";

const message = (children: string, attrs = 'from="romeo@montague.example/orchard"') =>
  parseTrustedXml(`<message xmlns="jabber:client" ${attrs}>${children}</message>`);

const oob = (url: string) => `<x xmlns="jabber:x:oob"><url>${url}</url></x>`;
const URL_OF_FILE = "https://download.example/4a771ac1/summit.jpg";
const sfs = (target: string, file: string) =>
  `<file-sharing xmlns="urn:xmpp:sfs:0"><file xmlns="urn:xmpp:file:metadata:0">${file}</file><sources>
    <jinglepub xmlns="urn:xmpp:jinglepub:1" from="a@b/c" id="d"/>
    <url-data xmlns="http://jabber.org/protocol/url-data" target="${target}"/></sources></file-sharing>`;
const METADATA = `<media-type>image/jpeg</media-type><name>summit.jpg</name><size>3032449</size>
  <hash xmlns="urn:xmpp:hashes:2" algo="sha3-256">2Xar</hash><hash xmlns="urn:xmpp:hashes:2" algo="sha-256">47DE</hash>`;
const whole = {
  url: URL_OF_FILE,
  name: "summit.jpg",
  size: 3032449,
  type: "image/jpeg",
  hash: "sha-256:47DE",
};

test("a file is what out-of-band data names (XEP-0066)", (t) => {
  t.deepEqual(readAttachments(message(oob(` ${URL_OF_FILE}\n`))), [{ url: URL_OF_FILE }]);
});

test("a shared file has name, size, type and hash (XEP-0447), also where out-of-band data names it too", (t) => {
  t.deepEqual(readAttachments(message(oob(URL_OF_FILE) + sfs(URL_OF_FILE, METADATA))), [whole]);
});

test("a file of inline media sharing has them too (XEP-0385)", (t) => {
  const sims = `<reference xmlns="urn:xmpp:reference:0" type="data"><media-sharing xmlns="urn:xmpp:sims:1">
    <file xmlns="urn:xmpp:jingle:apps:file-transfer:5">${METADATA}</file>
    <sources><reference xmlns="urn:xmpp:reference:0" type="data" uri="${URL_OF_FILE}"/></sources></media-sharing></reference>`;
  t.deepEqual(readAttachments(message(sims)), [whole]);
});

test("a size, name or hash that cannot be one is left out, and the file stays", (t) => {
  for (const size of ["-1", "1e9", "9".repeat(20), "many"])
    t.deepEqual(readAttachments(message(sfs(URL_OF_FILE, `<size>${size}</size><name> </name>`))), [
      { url: URL_OF_FILE },
    ]);
});

test("of ten thousand files fifty are read", (t) => {
  const many = Array.from({ length: 10_000 }, (_, at) => oob(`https://example.org/${at}`)).join("");
  t.is(readAttachments(message(many)).length, 50);
});

for (const text of [
  "https:/logout",
  "https:settings",
  "https:",
  "https://",
  "https:///path",
  "https://?query",
  "https:\\\\example.org",
  "//example.org/a",
  "/logout",
  "logout",
  "javascript:alert(1)",
  "file:///etc/passwd",
  "aesgcm://example.org/a#b",
  "https://exa mple.org/",
  `https://example.org/${"a".repeat(9000)}`,
])
  test(`${text.slice(0, 40)} is no address on the web, and no file`, (t) => {
    t.is(readWebAddress(text), undefined);
    t.deepEqual(readAttachments(message(oob(text.replaceAll("&", "&amp;")))), []);
  });

test("an address on the web is written as the URL standard does", (t) => {
  t.is(readWebAddress("HTTPS://Example.org/my song.mp3"), "https://example.org/my%20song.mp3");
  t.is(readWebAddress("http://[::1]:8080/a"), "http://[::1]:8080/a");
});

const mediated = (from: string, inviter: string) =>
  message(
    `<x xmlns="http://jabber.org/protocol/muc#user"><invite from="${inviter}"><reason>Hey</reason></invite><password>sesame</password></x>`,
    `from="${from}"`,
  );

test("an invitation that the room passes on names room, inviter, reason and password (XEP-0045 §7.8.2)", (t) => {
  const rest = { reason: "Hey", password: "sesame" };
  const room = "coven@chat.example";
  const open = (inviter: string) => readInvitation(mediated(room, inviter), room);
  t.deepEqual(open("crone1@shakespeare.example/desktop"), {
    room,
    inviter: "crone1@shakespeare.example",
    ...rest,
  });
  t.deepEqual(open(`${room}/firstwitch`), { room, inviter: `${room}/firstwitch`, ...rest });
});

test("nobody but a room's own address passes on an invitation", (t) => {
  t.is(
    readInvitation(mediated("mallory@evil.example/phone", "romeo@montague.example"), "mallory@evil.example"),
    undefined,
  );
});

test("an invitation from person to person names the room, and who has sent it invites (XEP-0249)", (t) => {
  const direct = (attrs: string) =>
    readInvitation(message(`<x xmlns="jabber:x:conference" ${attrs}/>`), "romeo@montague.example");
  t.deepEqual(direct('jid="Coven@chat.example" reason="Hey" password="sesame"'), {
    room: "coven@chat.example",
    inviter: "romeo@montague.example",
    reason: "Hey",
    password: "sesame",
  });
  t.is(direct('jid="@"'), undefined);
  t.is(direct(""), undefined);
});
