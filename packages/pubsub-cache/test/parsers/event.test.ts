import test from "ava";
import parseEvent from "../../dist/parsers/event.js";
import { itemWith, parsed } from "./payload.js";

const NS = "urn:xmpp:calendar-events:0";
const event = (inner: string) => parsed(parseEvent, `<event xmlns="${NS}">${inner}</event>`);
const WHEN = "<start>2026-05-01T18:00:00Z</start><end>2026-05-01T20:00:00Z</end>";

test("an event with a name and two times is complete (XEP-0471 §4.1)", (t) => {
  t.deepEqual(event(`<name> Tea\n with  Ada </name>${WHEN}`), {
    name: "Tea with Ada",
    start: "2026-05-01T18:00:00.000Z",
    end: "2026-05-01T20:00:00.000Z",
    categories: [],
  });
});

test("a full event gives what the contract lists", (t) => {
  t.deepEqual(
    event(`<name xml:lang="en">Summer fair</name><name xml:lang="de">Sommerfest</name>
      <start>2026-07-04T10:00:00+02:00</start><end>2026-07-04T22:30:00+02:00</end>
      <description type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Bring <strong>cake</strong></p><script>x()</script></div></description>
      <description type="text" xml:lang="en">
        Bring cake
      </description>
      <category term="fair" wd="Q288514"/><category term="music"/><category term="fair"/><category/>
      <location id="side"><geoloc xmlns="http://jabber.org/protocol/geoloc"><text>Car park</text></geoloc></location>
      <location id="main"><geoloc xmlns="http://jabber.org/protocol/geoloc">
        <locality>Ghent</locality>,<country>Belgium</country><lat>51.05</lat><lon>3.72</lon></geoloc></location>
      <rsvp xml:lang="en"><x xmlns="jabber:x:data" type="form"><title>Coming?</title>
        <field var="FORM_TYPE" type="hidden"><value>urn:xmpp:calendar-events:rsvp:0</value></field>
        <field var="attending" type="list-single"><value>maybe</value><option><value>yes</value></option></field></x></rsvp>
      <extra><x xmlns="jabber:x:data" type="result">
        <field var="FORM_TYPE" type="hidden"><value>urn:xmpp:calendar-events:extra:0</value></field>
        <field var="website"><value>https://fair.example/2026</value></field></x></extra>`),
    {
      name: "Summer fair",
      text: "Bring cake",
      start: "2026-07-04T08:00:00.000Z",
      end: "2026-07-04T20:30:00.000Z",
      timezone: "+02:00",
      location: { name: "Ghent, Belgium", geo: [51.05, 3.72] },
      categories: ["fair", "music"],
      rsvp: { formType: "urn:xmpp:calendar-events:rsvp:0", title: "Coming?", fields: { attending: "maybe" } },
      url: "https://fair.example/2026",
      otherLanguages: [{ lang: "de", name: "Sommerfest" }],
    },
  );
});

test("without a plain description the marked-up one gives its text, and no script", (t) => {
  const inner = `<name>n</name>${WHEN}<description type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>Two</p><script>bad()</script></div></description>`;
  t.like(event(inner), { text: "One\n\nTwo" });
});

test("days are events of whole days", (t) => {
  t.like(event("<name>Holiday</name><start>2026-08-01</start><end>2026-08-14</end>"), {
    start: "2026-08-01T00:00:00.000Z",
    end: "2026-08-14T00:00:00.000Z",
    allDay: true,
    timezone: undefined,
  });
});

test("an online event is where its meeting is (XEP-0471 §5.4.1)", (t) => {
  const online = (inner: string) =>
    event(`<name>n</name>${WHEN}<location><online>${inner}</online></location>`);
  t.like(
    online(
      `<name>Standup</name><url-data xmlns="http://jabber.org/protocol/url-data" target="https://meet.example/standup"/>`,
    ),
    { location: { name: "Standup" }, url: "https://meet.example/standup" },
  );
  t.like(online(`<x xmlns="jabber:x:conference" jid="talks@muc.example"/>`), {
    location: { name: "talks@muc.example" },
  });
});

test("coordinates off the globe and addresses that run are left out", (t) => {
  const geo = (lat: string, lon: string) =>
    event(
      `<name>n</name>${WHEN}<location><geoloc xmlns="http://jabber.org/protocol/geoloc"><lat>${lat}</lat><lon>${lon}</lon></geoloc></location>`,
    ) as { location?: unknown };
  for (const [lat, lon] of [
    ["91", "0"],
    ["0", "181"],
    ["x", "0"],
    ["", "0"],
    ["NaN", "1"],
    ["Infinity", "1"],
  ] as const)
    t.is(geo(lat, lon).location, undefined, `${lat} ${lon}`);
  t.deepEqual(geo("-90", "180").location, { geo: [-90, 180] });
  const run = `<name>n</name>${WHEN}<extra><x xmlns="jabber:x:data"><field var="website"><value>javascript:alert(1)</value></field></x></extra>`;
  t.false("url" in (event(run) as object));
});

test("one time stands in for the other, and the item's for both, with a note", (t) => {
  const end = "2026-05-01T20:00:00.000Z";
  t.like(event("<name>n</name><end>2026-05-01T20:00:00Z</end>"), {
    start: end,
    end,
    notes: ["start: the event has none", "start: end stands in for it"],
  });
  t.like(event(`<name>n</name><start>tomorrow</start><end>Fri, 1 May 2026 20:00:00 GMT</end>`), {
    start: end,
    end,
    notes: ['start: "tomorrow" is not a date', "start: end stands in for it"],
  });
  const created = "2020-02-02T02:02:02.000Z";
  const unreadable = itemWith(`<event xmlns="${NS}"><name>n</name><start>soon</start></event>`);
  const late = parseEvent(unreadable, { service: "alice@larder.test", node: "n", created });
  t.like(late, { name: "n", start: created, end: created });
});

test("what is missing is named, and a description of too much mark-up is left out", (t) => {
  t.is(event(WHEN), "name: the event has none");
  t.is(event("<name>n</name>"), "start: the event has no time that can be read");
  t.regex(String(parsed(parseEvent, `<event xmlns="urn:other"/>`)), /is no event of/);
  const deep = `<description type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">${"<p>a</p>".repeat(200_000)}</div></description>`;
  t.like(event(`<name>n</name>${WHEN}${deep}`), { name: "n", text: undefined });
});
