import type { PreparedItem, StoredText } from "@larder/storage/prepare";
import type { PackedOutcome, PackedOutcomes, ParseOutcome } from "./protocol.js";

/** Outcomes as they leave a thread. Without methods of arrays: a parser may have put its own in their place. */
export function pack(outcomes: readonly ParseOutcome[]): PackedOutcomes {
  let most = 0;
  for (let i = 0; i < outcomes.length; i++) {
    const outcome = outcomes[i];
    const { folded = "", words = "" } = outcome?.prepared ?? {};
    most += ((outcome?.ok ? outcome.json.length : 0) + folded.length + words.length) * 3;
  }
  const bytes = Buffer.allocUnsafeSlow(most);
  let end = 0;
  const write = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const length = bytes.write(text, end);
    end += length;
    return length;
  };
  const packed: PackedOutcome[] = [];
  for (let i = 0; i < outcomes.length; i++) {
    const outcome = outcomes[i];
    packed[i] = {
      json: write(outcome?.ok ? outcome.json : undefined),
      folded: write(outcome?.prepared?.folded),
      words: write(outcome?.prepared?.words),
      refused: outcome?.prepared?.refused,
      error: outcome?.ok === false ? outcome.error : undefined,
    };
  }
  return { outcomes: packed, texts: new Uint8Array(bytes.subarray(0, end)) };
}

/** The same where they arrive; the texts stay bytes. */
export function unpack({ outcomes, texts }: PackedOutcomes): ParseOutcome<StoredText>[] {
  let at = 0;
  const next = (length: number) => {
    at += length;
    return Buffer.from(texts.buffer, texts.byteOffset + at - length, length);
  };
  return outcomes.map((outcome): ParseOutcome<StoredText> => {
    const json = outcome.json === undefined ? undefined : next(outcome.json);
    const folded = outcome.folded === undefined ? undefined : next(outcome.folded);
    const words = outcome.words === undefined ? undefined : next(outcome.words);
    const { refused, error = "" } = outcome;
    const prepared: PreparedItem | undefined = words && {
      words,
      ...(folded && { folded }),
      ...(refused !== undefined && { refused }),
    };
    return json
      ? { ok: true, json, ...(prepared && { prepared }) }
      : { ok: false, error, ...(prepared && { prepared }) };
  });
}
