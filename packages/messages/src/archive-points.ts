import { type ArchivePage, hasErrorType } from "@larder/core";
import type { ArchivePoint } from "@larder/storage";

/** An archive may have whole seconds: what it says of this one may have been said at any moment of it. */
export const wholeSecond = (time: Date | undefined): Date | undefined =>
  time && new Date(Math.floor(time.getTime() / 1000) * 1000);

/** Where a message of an archive is in it. */
export const pointOf = (result: { id: string; stamp?: Date } | undefined): ArchivePoint | undefined =>
  result && { id: result.id, ...(result.stamp && { time: result.stamp }) };

/** Where the page after this one begins, going forward; undefined at the end. */
export const forwardEdge = (page: ArchivePage): string | undefined =>
  page.complete || page.results.length === 0 ? undefined : (page.rsm.last ?? page.results.at(-1)?.id);

/** The same going back. */
export const backwardEdge = (page: ArchivePage): string | undefined =>
  page.complete ? undefined : page.results[0]?.id;

/** The server does not know the id to page from any more (XEP-0313 §4.3.2). */
export const isForgotten = (error: unknown): boolean => hasErrorType(error) && error.type === "not_found";
