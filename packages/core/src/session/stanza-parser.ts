import { EventEmitter } from "node:events";
import { Element } from "@xmpp/xml";
import { SaxesParser, type SaxesTagPlain } from "saxes";
import { InvalidXmlError } from "../errors/errors.js";
import { NS_CLIENT } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";
import type { DroppedStanza, SessionLimits } from "./options.js";

export type ParserLimits = Pick<SessionLimits, "stanzaBytes" | "stanzaDepth" | "unfinishedChars">;

/** Shorter strings are copied by the engine anyway. */
const SLICE_LENGTH = 13;

/**
 * A copy that stands alone. A substring keeps the whole network chunk that it was cut from alive, so a
 * kept stanza of 100 bytes would hold 64 KiB.
 */
function standAlone(text: string): string {
  return text.length < SLICE_LENGTH ? text : ` ${text}`.slice(1);
}

/**
 * The parser of one stream, in the place of the one of @xmpp/xml and with its events: `start` (root),
 * `element` (each top-level element), `end` and `error`; and `dropped` for what is over a limit.
 *
 * It differs in what it costs and keeps. ltx looks at a text without markup again at each character: 10 MiB
 * of base64 took it 4.5 s, during which nothing else ran; saxes takes 0.1 s. Elements come out detached,
 * with the namespace of the stream on them, and nothing is kept of them. An over-large stanza is skipped
 * without building it, and the stream goes on. What XMPP forbids (RFC 6120 §11.1) is an error, as is XML
 * that is not well-formed (§11.3).
 */
export class StanzaParser extends EventEmitter {
  readonly #sax = new SaxesParser({ xmlns: false, position: true });
  readonly #limits: ParserLimits;
  readonly #names = new Map<string, string>();
  #root: XmlElement | undefined;
  /** Declarations of the stream header that stanzas may rely on: prefix to namespace. */
  #prefixes: [attribute: string, namespace: string][] = [];
  #cursor: XmlElement | undefined;
  #depth = 0;
  #start = 0;
  #wide = 0;
  #written = 0;
  #dropped: Omit<DroppedStanza, "bytes"> | undefined;
  #lastEvent = 0;
  #begun = false;
  #ended = false;

  constructor(limits: ParserLimits) {
    super();
    this.#limits = limits;
    this.#sax.on("opentag", (tag) => this.#open(tag));
    this.#sax.on("closetag", (tag) => this.#close(tag));
    this.#sax.on("text", (text) => this.#text(text));
    this.#sax.on("cdata", (text) => this.#text(text));
    this.#sax.on("comment", () => this.#fail("the server sent a comment, which XMPP forbids"));
    this.#sax.on("doctype", () => this.#fail("the server sent a document type, which XMPP forbids"));
    this.#sax.on("processinginstruction", () =>
      this.#fail("the server sent a processing instruction, which XMPP forbids"),
    );
    this.#sax.on("error", (error) => this.#fail(`the server sent XML that cannot be read: ${error.message}`));
  }

  write(chunk: string): void {
    if (this.#ended) return;
    let text = chunk;
    if (!this.#begun) {
      text = chunk.trimStart(); // a line break left over from before the stream header is no error
      if (text === "") return;
      this.#begun = true;
    }
    this.#sax.write(text);
    this.#written += text.length;
    if (this.#ended) return;
    if (this.#depth > 1 && this.#size(this.#written) > this.#limits.stanzaBytes) this.#drop("size");
    if (this.#written - this.#lastEvent > this.#limits.unfinishedChars) {
      this.#fail(`the server sent more than ${this.#limits.unfinishedChars} characters without an end`);
    }
  }

  /** @param position where the parser is; its own `position` is right only while it calls a handler */
  #size(position = this.#sax.position): number {
    return position - this.#start + this.#wide;
  }

  #fail(message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cursor = undefined;
    this.emit("error", new InvalidXmlError(message));
  }

  /** The same few names and namespaces come again and again: one copy of each is kept. */
  #name(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const copy = standAlone(text);
    if (this.#names.size < 2000 && copy.length < 200) this.#names.set(copy, copy);
    return copy;
  }

  #open(tag: SaxesTagPlain): void {
    if (this.#ended) return;
    this.#lastEvent = this.#sax.position;
    this.#depth++;
    if (this.#depth === 2) {
      // The tag itself has been read: where it began is its length before, which a limit of megabytes can spare.
      this.#start = this.#sax.position;
      this.#wide = 0;
      this.#dropped = undefined;
    }
    if (this.#dropped) return;
    const attrs: Record<string, string> = {};
    for (const [key, value] of Object.entries(tag.attributes)) {
      attrs[this.#name(key)] = key.startsWith("xmlns") ? this.#name(value) : standAlone(value);
      if (this.#depth > 1) this.#wide += this.#depth === 2 ? Buffer.byteLength(value) : excess(value);
    }
    const element = new Element(this.#name(tag.name), attrs);
    if (this.#depth === 1) {
      this.#root = element;
      this.#prefixes = Object.entries(attrs).filter(([key]) => key.startsWith("xmlns:"));
      this.emit("start", element);
      return;
    }
    if (this.#depth === 2) this.#declare(element);
    else this.#cursor?.append(element);
    this.#cursor = element;
    if (this.#depth - 1 > this.#limits.stanzaDepth) this.#drop("depth");
    else if (this.#size() > this.#limits.stanzaBytes) this.#drop("size");
  }

  /** Puts the declarations of the stream header on a top-level element, which is about to lose it. */
  #declare(element: XmlElement): void {
    element.attrs.xmlns ??= this.#root?.attrs.xmlns ?? NS_CLIENT;
    for (const [attribute, namespace] of this.#prefixes) {
      // `stream` is the prefix of stream features and errors only; on each stanza it would be noise.
      if (attribute !== "xmlns:stream" || element.name.startsWith("stream:")) {
        element.attrs[attribute] ??= namespace;
      }
    }
  }

  #text(text: string): void {
    if (this.#ended) return;
    this.#lastEvent = this.#sax.position;
    // Between stanzas there is only whitespace, sent to keep the connection alive (RFC 6120 §4.6.1).
    if (this.#depth < 2 || this.#dropped) return;
    this.#wide += excess(text);
    if (this.#size() > this.#limits.stanzaBytes) this.#drop("size");
    else this.#cursor?.children.push(standAlone(text));
  }

  #close(tag: SaxesTagPlain): void {
    if (this.#ended) return;
    this.#lastEvent = this.#sax.position;
    this.#depth--;
    if (this.#depth === 0) {
      this.#ended = true;
      this.emit("end", this.#root ?? new Element(tag.name));
      return;
    }
    if (this.#depth > 1) {
      if (!this.#dropped) this.#cursor = this.#cursor?.parent ?? undefined;
      return;
    }
    const element = this.#cursor;
    const dropped = this.#dropped;
    this.#cursor = undefined;
    this.#dropped = undefined;
    if (dropped) this.emit("dropped", { ...dropped, bytes: this.#size() } satisfies DroppedStanza);
    else if (element) this.emit("element", element);
  }

  #drop(reason: DroppedStanza["reason"]): void {
    if (this.#dropped) return;
    let top = this.#cursor;
    while (top?.parent) top = top.parent;
    const { type, from, to, id } = top?.attrs ?? {};
    this.#dropped = { name: top?.getName() ?? "", type, from, to, id, reason };
    this.#cursor = undefined;
  }
}

/** Bytes that a text has in UTF-8 beyond one for each UTF-16 unit. */
function excess(text: string): number {
  return Buffer.byteLength(text) - text.length;
}
