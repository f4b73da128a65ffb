import { LarderError } from "@larder/core";

/** An archive gives pages that were read already, in answer to a request for what comes after them. */
export class ArchiveRepeatsError extends LarderError {
  override readonly name = "ArchiveRepeatsError";
  override readonly type = "stanza_error";
  override readonly retryable = false;

  constructor(id: string) {
    super(
      `the archive gives the page at ${JSON.stringify(id.slice(0, 100))} again and again: reading it was given up`,
    );
  }
}
