/** What the parsers use of ltx 3, which has no types of its own. */
declare module "ltx/lib/parse.js" {
  import type { XmlElement } from "@larder/core";
  export default function parse(text: string): XmlElement;
}
