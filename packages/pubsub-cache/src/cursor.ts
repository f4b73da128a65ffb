import { InvalidParamsError } from "@larder/core";

/**
 * Where a page ends. It names the item and, so that it stays valid after the item is gone, its place:
 * in the cache, in the whole list, and by the service's own id, as far as each was known.
 */
export interface PageCursor {
  readonly itemId: string;
  readonly position?: number;
  /** Which numbering of the cache `position` belongs to. */
  readonly numbering?: number;
  readonly index?: number;
  readonly rsmId?: string;
}

/** The cursor as callers see it: opaque text. */
export function encodeCursor({ itemId, position, index, rsmId, numbering }: PageCursor): string {
  const parts = [itemId, position ?? null, index ?? null, rsmId ?? null, numbering ?? null];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** @throws {InvalidParamsError} the text is no cursor of ours */
export function decodeCursor(text: string, path: string): PageCursor {
  try {
    const [itemId, position, index, rsmId, numbering] = JSON.parse(
      Buffer.from(text, "base64url").toString(),
    ) as unknown[];
    if (typeof itemId === "string") {
      return {
        itemId,
        position: typeof position === "number" ? position : undefined,
        index: typeof index === "number" ? index : undefined,
        rsmId: typeof rsmId === "string" ? rsmId : undefined,
        numbering: typeof numbering === "number" ? numbering : undefined,
      };
    }
  } catch {
    // told below, as for every other text that is no cursor
  }
  throw new InvalidParamsError(path, `${path}: is not a cursor from an earlier page`);
}
