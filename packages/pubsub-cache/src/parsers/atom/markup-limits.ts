const MAX_LENGTH = 1024 * 1024;
const MAX_OPEN = 2000;
const VOID = /^(area|base|br|col|embed|hr|img|input|link|meta|source|wbr)\b/i;

/**
 * Why mark-up from anybody should not be sanitised at all: the HTML parser takes time in the square of the depth
 * (300,000 open elements kept it for a minute), and a post should not hold up the worker. Elements whose end
 * HTML lets one leave out count as open.
 *
 * @returns words for an error, or undefined where there is no objection
 */
export function objectionTo(html: string): string | undefined {
  if (html.length > MAX_LENGTH) return `more than ${MAX_LENGTH} characters of mark-up`;
  let open = 0;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at + 1)) {
    const next = html.charAt(at + 1);
    if (next === "/") open = Math.max(0, open - 1);
    else if (/[A-Za-z]/.test(next) && !VOID.test(html.slice(at + 1, at + 8))) open++;
    if (open > MAX_OPEN) return `more than ${MAX_OPEN} elements open at once`;
  }
  return undefined;
}
