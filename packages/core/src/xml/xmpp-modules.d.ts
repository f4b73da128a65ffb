/**
 * What Larder uses of the untyped modules of xmpp.js 0.14 and ltx 3. Elements are typed by
 * `XmlElement`, so that none of these declarations reaches a public type.
 */
declare module "@xmpp/xml" {
  import type { XmlElement } from "./element.js";

  type Node = XmlElement | string | number | null | undefined | false;
  const xml: (
    name: string,
    attrs?: Record<string, unknown> | string | null,
    ...children: (Node | Node[])[]
  ) => XmlElement;
  export default xml;
  export class Parser {
    on(event: string, listener: (...args: never[]) => void): this;
    write(data: string): void;
  }
}

declare module "ltx/lib/parse.js" {
  import type { XmlElement } from "./element.js";
  export default function parse(text: string): XmlElement;
}
