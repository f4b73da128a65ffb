/** What the tests here use of ltx 3, which has no types of its own. */
declare module "ltx/lib/parse.js" {
  interface Element {
    attrs: Record<string, string>;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildText(name: string): string | null;
    getNS(): string | undefined;
    text(): string;
    is(name: string, xmlns?: string): boolean;
  }
  export default function parse(text: string): Element;
}
