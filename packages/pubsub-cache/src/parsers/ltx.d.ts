declare module "ltx/lib/parse.js" {
  import type { XmlElement } from "@larder/core/xml";
  export default function parse(text: string): XmlElement;
}
