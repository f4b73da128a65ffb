import test from "ava";
import { readAddress, readWebAddress } from "./address.js";

const BASE = "https://blog.example/posts/1?x#y";
const cases: [what: string, text: string, address: string | undefined, base?: string][] = [
  [
    "an absolute address stays as it is written",
    "https://x.example/a?b=1&c#d",
    "https://x.example/a?b=1&c#d",
  ],
  ["a host alone gets nothing added", "http://x.example", "http://x.example"],
  ["an address without a host", "https:/logout", undefined],
  ["an address without slashes", "https:settings", undefined],
  ["an address with an empty host", "https:///logout", undefined],
  ["an address with backslashes for slashes", "https:\\\\evil.example", undefined],
  ["an address whose host begins with a backslash", "https://\\evil.example", undefined],
  ["a relative address without a base", "/logout", undefined],
  ["an address of the same scheme alone", "//x.example/", undefined],
  ["a fragment alone", "#a", undefined],
  ["nothing", "  ", undefined],
  ["a relative address with a base", "2", "https://blog.example/posts/2", BASE],
  ["an absolute path with a base", "/logout", "https://blog.example/logout", BASE],
  ["a host of the base's scheme", "//x.example/a", "https://x.example/a", BASE],
  [
    "what a browser takes for relative, with a base",
    "https:settings",
    "https://blog.example/posts/settings",
    BASE,
  ],
  ["a base that is no web address is none", "a", undefined, "xmpp:x@y.example"],
  ["an absolute address has no use for a base", "http://x.example/", "http://x.example/", BASE],
  [
    "blanks inside are encoded",
    " http://x.example/my first song.mp3 ",
    "http://x.example/my%20first%20song.mp3",
  ],
  ["line breaks with their indentation go", "http://x.example/a\n   /b", "http://x.example/a/b"],
  ["characters beyond ASCII are encoded", "http://x.example/é", "http://x.example/%C3%A9"],
  ["a host beyond ASCII is encoded", "http://bücher.example/", "http://xn--bcher-kva.example/"],
  ["quotes cannot leave an attribute", 'http://x.example/"onload="x', "http://x.example/%22onload=%22x"],
  ["a user before the host stays", "http://x.example@y.example/", "http://x.example@y.example/"],
  ["mail", "mailto:a@b.example", "mailto:a@b.example"],
  ["an xmpp address with a blank", "xmpp:a@b.example?;node=my node", "xmpp:a@b.example?;node=my%20node"],
  ["other schemes", "gemini://x.example/a", "gemini://x.example/a"],
  ["a scheme of letters and signs", "web+ap:x", "web+ap:x"],
  ["scripts", "javascript:alert(1)", undefined],
  ["scripts in disguise", "java\nscript:alert(1)", undefined],
  ["scripts in capitals", "JavaScript:alert(1)", undefined],
  ["data", "data:text/html,x", undefined],
  ["files", "file:///etc/passwd", undefined],
  ["view-source", "view-source:https://x.example", undefined],
  ["a port that is none", "http://x.example:99999999/", undefined],
  ["an endless address", `http://x.example/${"a".repeat(9000)}`, undefined],
];
for (const [what, text, address, base] of cases) {
  test(`${what}: ${address === undefined ? "no address" : "an address"}`, (t) =>
    t.is(readAddress(text, base), address));
}

test("a web address is one of http or https", (t) => {
  t.is(readWebAddress("HTTPS://x.example/"), "https://x.example/");
  t.is(readWebAddress("ftp://x.example/"), undefined);
  t.is(readWebAddress(undefined), undefined);
});
