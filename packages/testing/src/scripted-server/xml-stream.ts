import { StringDecoder } from "node:string_decoder";
import Element from "ltx/lib/Element.js";
import Parser from "ltx/lib/parsers/ltx.js";

/** An element as it came over the wire; the same shape as core's `XmlElement`. */
export interface WireElement {
  name: string;
  attrs: Record<string, string | undefined>;
  children: (WireElement | string)[];
  parent: WireElement | null;
  is(name: string, xmlns?: string): boolean;
  getName(): string;
  getNS(): string | undefined;
  getChild(name: string, xmlns?: string): WireElement | undefined;
  getChildren(name: string, xmlns?: string): WireElement[];
  getChildElements(): WireElement[];
  getChildText(name: string, xmlns?: string): string | null;
  getText(): string;
  text(): string;
  append(...nodes: (WireElement | string)[]): WireElement;
  t(text: string): WireElement;
  toString(): string;
}

export interface XmlStreamEvents {
  /** The stream header. */
  start: (header: WireElement) => void;
  element: (element: WireElement) => void;
  /** The end of the stream. */
  end: () => void;
}

/** Reads one XML stream: header, top-level elements, end. */
export class XmlStream {
  readonly #decoder = new StringDecoder("utf8");
  readonly #parser = new Parser();
  #depth = 0;
  #cursor: WireElement | undefined;

  constructor(events: XmlStreamEvents) {
    this.#parser.on("startElement", (name, attrs) => {
      const element = new Element(name, attrs);
      this.#depth++;
      if (this.#depth === 1) {
        events.start(element);
        return;
      }
      if (this.#depth === 2) element.attrs.xmlns ??= "jabber:client";
      else this.#cursor?.append(element);
      this.#cursor = element;
    });
    this.#parser.on("text", (text) => {
      if (this.#depth > 1) this.#cursor?.t(text);
    });
    this.#parser.on("endElement", () => {
      this.#depth--;
      const element = this.#cursor;
      if (this.#depth === 0) events.end();
      else if (this.#depth > 1) this.#cursor = element?.parent ?? undefined;
      else if (element) {
        this.#cursor = undefined;
        events.element(element);
      }
    });
  }

  write(data: Buffer): void {
    this.#parser.write(this.#decoder.write(data));
  }
}
