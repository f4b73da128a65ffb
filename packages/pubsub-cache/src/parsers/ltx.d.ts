declare module "ltx/lib/Element.js" {
  import type { XmlElement } from "@larder/core/xml";

  const Element: new (name: string) => XmlElement;
  export default Element;
}

declare module "ltx/lib/parse.js" {
  import type { XmlElement } from "@larder/core/xml";
  export default function parse(text: string): XmlElement;
}
