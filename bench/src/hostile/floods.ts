/** The flooder: a contact that may write to the account, and no more. */
export const STRANGER = "mallory@example.org";
const FROM = `${STRANGER}/r`;

const many = (count: number, of: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => of(at)).join("");
const message = (attributes: string, inside: string) =>
  `<message from='${FROM}' to='alice@example.org' type='chat'${attributes}>${inside}</message>`;

/** Ordinary chat messages, about 300 bytes each as they come from clients of today. */
export const chat = (at: number): string =>
  message(
    ` id='chat-${at}'`,
    `<body>Ordinary words of message ${at}, as people write them to each other</body><origin-id xmlns='urn:xmpp:sid:0' id='chat-${at}'/><request xmlns='urn:xmpp:receipts'/>`,
  );

/** A flood: its name, and its stanzas for about this many bytes. */
export interface Flood {
  readonly name: string;
  readonly stanzas: (bytes: number) => string;
}

/** Stanzas for about this many bytes. */
const fill = (bytes: number, of: (at: number) => string): string =>
  many(Math.ceil(bytes / of(1000).length), of);

const inOne = (name: string, of: (at: number) => string, around = (inside: string) => inside): Flood => ({
  name,
  stanzas: (bytes) => message("", around(fill(bytes, of))),
});

const perStanza = (name: string, of: (at: number) => string): Flood => ({
  name,
  stanzas: (bytes) => fill(bytes, of),
});

export const floods: readonly Flood[] = [
  inOne("bodies in ever new languages, in one stanza", (at) => `<body xml:lang='l${at}'>x</body>`),
  inOne(
    "the same with a reply and its fallbacks",
    (at) => `<body xml:lang='l${at}'>x</body>`,
    (inside) =>
      `<reply xmlns='urn:xmpp:reply:0' id='x'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>${many(1000, () => "<body start='0' end='9'/>")}</fallback>${inside}`,
  ),
  inOne(
    "reactions in one stanza",
    () => "<reaction>👍</reaction>",
    (inside) => `<reactions xmlns='urn:xmpp:reactions:0' id='x'>${inside}</reactions>`,
  ),
  inOne("subjects in one stanza", (at) => `<subject xml:lang='l${at}'>x</subject>`),
  inOne(
    "delays in one stanza",
    () => "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='2020-01-01T00:00:00Z'/>",
  ),
  inOne(
    "stanza-ids in one stanza",
    (at) => `<stanza-id xmlns='urn:xmpp:sid:0' by='alice@example.org' id='${at}'/>`,
  ),
  inOne("files in one stanza", (at) => `<x xmlns='jabber:x:oob'><url>https://x.example/${at}</url></x>`),
  {
    name: "attributes of one element",
    stanzas: (bytes) =>
      message(
        fill(bytes, (at) => ` a${at}='x'`),
        "<body>x</body>",
      ),
  },
  {
    name: "namespace declarations of one element",
    stanzas: (bytes) =>
      message(
        fill(bytes, (at) => ` xmlns:a${at}='u'`),
        "<body>x</body>",
      ),
  },
  inOne("namespace declarations of many elements", (at) => `<a${at} xmlns='u:${at}' xmlns:b='v:${at}'/>`),
  inOne("empty elements in one stanza", () => "<a/>"),
  inOne(
    "references in one body",
    () => "&amp;",
    (inside) => `<body>${inside}</body>`,
  ),
  perStanza("reactions to messages that nobody has", (at) =>
    message(
      ` id='r${at}'`,
      `<reactions xmlns='urn:xmpp:reactions:0' id='nobody-${at}'><reaction>👍</reaction></reactions>`,
    ),
  ),
  perStanza("retractions of messages that nobody has", (at) =>
    message(` id='t${at}'`, `<retract xmlns='urn:xmpp:message-retract:1' id='nobody-${at}'/>`),
  ),
  perStanza("receipts for messages that nobody has", (at) =>
    message(` id='c${at}'`, `<received xmlns='urn:xmpp:receipts' id='nobody-${at}'/>`),
  ),
  perStanza("corrections of messages that nobody has", (at) =>
    message(` id='k${at}'`, `<body>x</body><replace xmlns='urn:xmpp:message-correct:0' id='nobody-${at}'/>`),
  ),
  perStanza("messages with one id", () =>
    message(
      " id='same'",
      "<body>Ordinary words of a message, as people write them to each other</body><origin-id xmlns='urn:xmpp:sid:0' id='same'/>",
    ),
  ),
  perStanza(
    "events of nodes that nobody follows",
    (at) =>
      `<message from='pubsub.example.org' to='alice@example.org' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n${at}'><item id='i'><entry xmlns='http://www.w3.org/2005/Atom'><title>x</title></entry></item></items></event></message>`,
  ),
  perStanza("ordinary messages at full speed", (at) => chat(1_000_000 + at)),
  perStanza("presence of strangers", (at) => `<presence from='${STRANGER}/r${at}' to='alice@example.org'/>`),
  perStanza(
    "pushes of strangers",
    (at) =>
      `<iq type='set' id='q${at}' from='${FROM}'><query xmlns='jabber:iq:roster'><item jid='evil@x'/></query></iq>`,
  ),
];
