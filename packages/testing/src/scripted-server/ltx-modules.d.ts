/** What the scripted server uses of the untyped ltx 3. */
declare module "ltx/lib/Element.js" {
  import type { WireElement } from "./xml-stream.js";

  const Element: new (name: string, attrs?: Record<string, string>) => WireElement;
  export default Element;
}

declare module "ltx/lib/parsers/ltx.js" {
  export default class Parser {
    on(event: "startElement", listener: (name: string, attrs: Record<string, string>) => void): void;
    on(event: "endElement" | "text", listener: (text: string) => void): void;
    write(text: string): void;
  }
}
