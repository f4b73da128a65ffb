import test from "ava";
import { type PubsubUri, readXmppUri } from "./xmpp-uri.js";

const valid: [uri: string, read: PubsubUri][] = [
  [
    "xmpp:pubsub.shakespeare.lit?;node=princely_musings",
    { service: "pubsub.shakespeare.lit", node: "princely_musings" },
  ],
  ["xmpp:p.lit?;node=n;item=ae89", { service: "p.lit", node: "n", item: "ae89" }],
  ["xmpp:p.lit?pubsub;action=retrieve;node=n;item=ae89", { service: "p.lit", node: "n", item: "ae89" }],
  [
    "XMPP:Romeo@Montague.LIT?;node=urn%3Axmpp%3Amicroblog%3A0",
    { service: "romeo@montague.lit", node: "urn:xmpp:microblog:0" },
  ],
  ["xmpp:p.lit?;\n   node=a;\n   item=b", { service: "p.lit", node: "a", item: "b" }],
  ["xmpp://guest@example.com/p.lit?;node=a", { service: "p.lit", node: "a" }],
  ["xmpp:p.lit?;node=a=b+c%2B", { service: "p.lit", node: "a=b+c+" }],
  ["xmpp:p.lit?;item=only#fragment", { service: "p.lit", item: "only" }],
  ["xmpp:p.lit?;node=first;node=second", { service: "p.lit", node: "first" }],
  ["xmpp:p.lit?;node=%FF;item=x", { service: "p.lit", item: "x" }],
  ["xmpp:p.lit", { service: "p.lit" }],
];
for (const [uri, read] of valid) {
  test(`${JSON.stringify(uri)} is read`, (t) => {
    t.deepEqual(readXmppUri(uri), read);
  });
}

for (const uri of [
  "",
  "xmpp:",
  "xmpp:@p.lit",
  "xmpp:a b@",
  "http://p.lit?;node=a",
  "xmpp:%FF@p.lit",
  "xmpp:a%20b@p.lit",
]) {
  test(`${JSON.stringify(uri)} is none`, (t) => {
    t.is(readXmppUri(uri), undefined);
  });
}
