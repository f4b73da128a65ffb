import type { Block, Post } from "./compose.js";

/** Escapes text for XML content and for attribute values in double quotes. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** The post as plain text: paragraphs with an empty line between them. */
export function toText(post: Post): string {
  const glue = post.language.spaced ? " " : "";
  const parts = post.blocks.map((block) => {
    switch (block.kind) {
      case "list":
        return block.sentences.map((sentence) => `- ${sentence}`).join("\n");
      case "code":
        return block.text;
      case "image":
        return "";
      default:
        return block.sentences.join(glue);
    }
  });
  return parts.filter((part) => part !== "").join("\n\n");
}

/** Every third sentence gets some mark-up, so that words are split between elements as in real posts. */
function inline(sentence: string, index: number): string {
  const escaped = escapeXml(sentence);
  if (index % 3 !== 1) return escaped;
  const space = escaped.indexOf(" ");
  const cut = space > 0 ? space : Math.min(4, escaped.length);
  if (/&[a-z]*$/.test(escaped.slice(0, cut))) return escaped; // never inside an entity
  const name = index % 2 === 0 ? "em" : "strong";
  return `<${name}>${escaped.slice(0, cut)}</${name}>${escaped.slice(cut)}`;
}

function blockToXhtml(block: Block, glue: string): string {
  switch (block.kind) {
    case "list":
      return `<ul>${block.sentences.map((sentence, i) => `<li>${inline(sentence, i)}</li>`).join("")}</ul>`;
    case "code":
      return `<pre><code>${escapeXml(block.text)}</code></pre>`;
    case "image":
      return `<p><img src="${escapeXml(block.src)}" alt="${escapeXml(block.alt)}"/></p>`;
    case "quote":
      return `<blockquote><p>${block.sentences.map(inline).join(glue)}</p></blockquote>`;
    default:
      return `<p>${block.sentences.map(inline).join(glue)}</p>`;
  }
}

/** The post's blocks as XHTML, without the `<div/>` around them. */
export function toXhtml(post: Post, link: string): string {
  const glue = post.language.spaced ? " " : "";
  const more = `<p><a href="${escapeXml(link)}">${escapeXml(post.language.readMore)}</a></p>`;
  return post.blocks.map((block) => blockToXhtml(block, glue)).join("") + more;
}
