/**
 * What is deliberately awkward about an item: `no-content` and `no-title` leave them out; `html` has escaped HTML
 * for content; `hostile` has scripts, event handlers and javascript: links in its XHTML; `wrong-date` cannot be
 * dated; `many-tags` has 300, some twice; `bidi` mixes directions with control characters; `odd-id` has spaces,
 * quotes and other scripts in its id.
 */
export const oddities = [
  "no-content",
  "no-title",
  "html",
  "hostile",
  "wrong-date",
  "many-tags",
  "bidi",
  "odd-id",
] as const;
export type Oddity = (typeof oddities)[number];

/** Mark-up that has to be gone after sanitising; the words around it stay. */
export const HOSTILE_XHTML =
  `<p onclick="alert(1)">Harmless words <script>alert("script")</script>` +
  `<a href="javascript:alert(2)">a link that runs</a> <img src="x" onerror="alert(3)"/>` +
  `<iframe src="https://evil.example/"></iframe><style>body { display: none }</style> and more harmless words.</p>`;

/** Ids that are legal in XMPP and break whoever pastes them into a URI, a query or a file name. */
export const ODD_IDS = [
  `it's "quoted" & <bracketed>`,
  "наука 日本語 ملاحظة",
  "two  spaces;node=other?item=x#y",
  "../../etc/passwd%00",
  "👩‍👩‍👧‍👦 family",
] as const;
