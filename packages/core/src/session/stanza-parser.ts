import { EventEmitter } from "node:events";
import { InvalidXmlError } from "../errors/errors.js";
import { NS_CLIENT } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";
import { elementText } from "../xml/element-text.js";
import { namespaceFault } from "../xml/namespace-rules.js";
import { parsedElement, setAttribute } from "../xml/parsed-element.js";
import { XmlSyntaxError } from "../xml/syntax-error.js";
import { XmlTokenizer } from "../xml/tokenizer.js";
import type { DroppedStanza, SessionLimits } from "./options.js";

export type ParserLimits = Pick<
  SessionLimits,
  | "stanzaBytes"
  | "stanzaDepth"
  | "stanzaElements"
  | "stanzaAttributes"
  | "elementAttributes"
  | "stanzaNamespaces"
  | "unfinishedChars"
>;

/** Counts of one stanza, or of one of its parts. */
interface Counts {
  readonly elements: number;
  readonly attributes: number;
  readonly namespaces: number;
}

const NO_COUNTS: Counts = { elements: 0, attributes: 0, namespaces: 0 };

/** Shorter strings are copied by the engine anyway. */
const SLICE_LENGTH = 13;

/**
 * A copy that stands alone. A substring keeps the whole network chunk that it was cut from alive, so a
 * kept stanza of 100 bytes would hold 64 KiB.
 */
function standAlone(text: string): string {
  return text.length < SLICE_LENGTH ? text : ` ${text}`.slice(1);
}

/** Takes elements out of a stanza while it arrives. */
export interface PartTaker {
  /** Names from the stanza's child down to the elements that are taken. */
  readonly path: readonly string[];
  /** @returns false where no more are wanted: the stanza then counts as one over the limit of size */
  take(part: XmlElement): boolean;
}

/**
 * The parser of one stream, in the place of the one of @xmpp/xml and with its events: `start` (root),
 * `element` (each top-level element), `end` and `error`; and `dropped` for what is over a limit.
 *
 * It differs in what it costs and keeps. ltx looks at a text without markup again at each character: 10 MiB
 * of base64 took it 4.5 s, during which nothing else ran. Elements come out detached,
 * with the namespace of the stream on them, and nothing is kept of them. An over-large stanza is skipped
 * without building it, and the stream goes on. What XMPP forbids (RFC 6120 §11.1) is an error, as is XML
 * that is not well-formed (§11.3).
 *
 * Of a stanza that is wanted part by part (see {@link takerOf}) the parts are no longer held once they were taken, so
 * that the limit of size holds for each of them, and for the rest.
 */
export class StanzaParser extends EventEmitter {
  readonly #tokenizer: XmlTokenizer;
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
  #counts = NO_COUNTS;
  #dropped: Omit<DroppedStanza, "bytes"> | undefined;
  #lastEvent = 0;
  #begun = false;
  #ended = false;
  /** Size of the stanza that is being told, in bytes. */
  stanzaSize = 0;
  /** Who takes parts of the stanza that begins with this start tag; asked once for each. */
  takerOf: ((stanza: XmlElement) => PartTaker | undefined) | undefined;
  #taker: PartTaker | undefined;
  /** Start of the part that is being read, with the counts before it; undefined outside of a part. */
  #part: { readonly from: number; readonly wide: number; readonly counts: Counts } | undefined;

  constructor(limits: ParserLimits) {
    super();
    this.#limits = limits;
    this.#tokenizer = new XmlTokenizer(
      {
        open: (name, attributes, count) => this.#open(name, attributes, count),
        close: (name) => this.#close(name),
        text: (text) => this.#text(text),
      },
      { maxAttributes: limits.elementAttributes },
    );
  }

  write(chunk: string): void {
    if (this.#ended) return;
    let text = chunk;
    if (!this.#begun) {
      text = chunk.trimStart(); // a line break left over from before the stream header is no error
      if (text === "") return;
      this.#begun = true;
    }
    this.#written += text.length;
    try {
      this.#tokenizer.write(text);
    } catch (error) {
      if (!(error instanceof XmlSyntaxError)) throw error;
      this.#fail(`the server sent XML that cannot be read: ${error.message}`);
    }
    if (this.#ended) return;
    if (this.#depth > 1 && this.#size(this.#written) > this.#limits.stanzaBytes) this.#drop("size");
    if (this.#written - this.#lastEvent > this.#limits.unfinishedChars) {
      this.#fail(`the server sent more than ${this.#limits.unfinishedChars} characters without an end`);
    }
  }

  /** @param position where the parser is */
  #size(position = this.#tokenizer.position): number {
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

  #open(name: string, attributes: Record<string, string>, count: number): void {
    if (this.#ended) return;
    this.#lastEvent = this.#tokenizer.position;
    this.#depth++;
    if (this.#depth === 2) {
      // The tag itself has been read: where it began is its length before, which a limit of megabytes can spare.
      this.#start = this.#tokenizer.position;
      this.#wide = 0;
      this.#counts = NO_COUNTS;
      this.#dropped = undefined;
      this.#taker = undefined;
    }
    if (this.#dropped) return;
    if (this.#depth > 1) this.#count(attributes, count);
    if (this.#part) {
      this.#openInPart(name, attributes, count);
      return;
    }
    const attrs: Record<string, string> = {};
    for (const key in attributes) {
      const value = attributes[key] ?? "";
      const kept = key.startsWith("xmlns") ? this.#name(value) : standAlone(value);
      setAttribute(attrs, this.#name(key), kept);
      if (this.#depth > 1) this.#wide += this.#depth === 2 ? Buffer.byteLength(value) : excess(value);
    }
    const element = parsedElement(this.#name(name), attrs);
    if (this.#depth === 1) {
      if (this.#isFaulty(element)) return;
      this.#root = element;
      this.#prefixes = Object.entries(attrs).filter(([key]) => key.startsWith("xmlns:"));
      this.emit("start", element);
      return;
    }
    if (this.#depth === 2) {
      this.#declare(element);
      this.#taker = this.takerOf?.(element);
    } else this.#append(element);
    if (this.#isFaulty(element)) return;
    this.#cursor = element;
    this.#check(count);
    if (this.#isPart(element))
      this.#part = { from: this.#tokenizer.position, wide: this.#wide, counts: this.#counts };
  }

  #count(attributes: Record<string, string>, count: number): void {
    let namespaces = 0;
    for (const key in attributes) if (key.startsWith("xmlns")) namespaces++;
    this.#counts = {
      elements: this.#counts.elements + 1,
      attributes: this.#counts.attributes + count,
      namespaces: this.#counts.namespaces + namespaces,
    };
  }

  /** Ends the stream for XML that is not namespace-well-formed (RFC 6120 §11.3). */
  #isFaulty(element: XmlElement): boolean {
    const fault = namespaceFault(element, this.#root);
    if (fault === undefined) return false;
    this.#fail(`the server sent XML that cannot be read: ${fault}`);
    return true;
  }

  /** What a part holds is read and gone before the next piece arrives: nothing is copied, and its bytes are counted at its end. */
  #openInPart(name: string, attrs: Record<string, string>, count: number): void {
    const element = parsedElement(name, attrs);
    this.#append(element);
    if (this.#isFaulty(element)) return;
    this.#cursor = element;
    this.#check(count);
  }

  #append(element: XmlElement): void {
    element.parent = this.#cursor ?? null;
    this.#cursor?.children.push(element);
  }

  #check(attributesOfElement: number): void {
    const { elements, attributes, namespaces } = this.#counts;
    const limits = this.#limits;
    if (this.#depth - 1 > limits.stanzaDepth) this.#drop("depth");
    else if (this.#size() > limits.stanzaBytes) this.#drop("size");
    else if (elements > limits.stanzaElements) this.#drop("elements");
    else if (attributesOfElement > limits.elementAttributes || attributes > limits.stanzaAttributes)
      this.#drop("attributes");
    else if (namespaces > limits.stanzaNamespaces) this.#drop("namespaces");
  }

  #isPart(element: XmlElement): boolean {
    const path = this.#taker?.path;
    if (!path || this.#depth !== path.length + 2) return false;
    let above: XmlElement | null = element;
    for (let i = path.length - 1; i >= 0; i--) {
      if (above?.name !== path[i]) return false;
      above = above?.parent ?? null;
    }
    return true;
  }

  #takePart(
    part: XmlElement,
    { from, wide, counts }: { readonly from: number; readonly wide: number; readonly counts: Counts },
  ): void {
    const length = this.#tokenizer.position - from;
    const { stanzaBytes } = this.#limits;
    // A UTF-16 unit has three bytes at most.
    const tooLarge = length * 3 > stanzaBytes && Buffer.byteLength(elementText(part)) > stanzaBytes;
    this.#cursor?.children.pop();
    this.#start += length;
    this.#wide = wide;
    this.#counts = { ...counts, elements: counts.elements - 1 };
    if (tooLarge || !this.#taker?.take(part)) this.#drop("size");
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
    this.#lastEvent = this.#tokenizer.position;
    // Between stanzas there is only whitespace, sent to keep the connection alive (RFC 6120 §4.6.1).
    if (this.#depth < 2 || this.#dropped) return;
    if (this.#part) {
      this.#cursor?.children.push(text);
      return;
    }
    this.#wide += excess(text);
    if (this.#size() > this.#limits.stanzaBytes) this.#drop("size");
    else this.#cursor?.children.push(standAlone(text));
  }

  #close(name: string): void {
    if (this.#ended) return;
    this.#lastEvent = this.#tokenizer.position;
    this.#depth--;
    if (this.#depth === 0) {
      this.#ended = true;
      this.emit("end", this.#root ?? parsedElement(name, {}));
      return;
    }
    if (this.#depth > 1) {
      if (this.#dropped) return;
      const closed = this.#cursor;
      const part = this.#part;
      this.#cursor = closed?.parent ?? undefined;
      if (closed && part && this.#depth === (this.#taker?.path.length ?? 0) + 1) {
        this.#part = undefined;
        this.#takePart(closed, part);
      }
      return;
    }
    const element = this.#cursor;
    const dropped = this.#dropped;
    this.#cursor = undefined;
    this.#dropped = undefined;
    this.#taker = undefined;
    this.stanzaSize = this.#size();
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
    this.#part = undefined;
  }
}

/** Bytes that a text has in UTF-8 beyond one for each UTF-16 unit. */
function excess(text: string): number {
  return Buffer.byteLength(text) - text.length;
}
