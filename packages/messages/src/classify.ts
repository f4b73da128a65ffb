import {
  type Confirmation,
  type Envelope,
  NS_REACTIONS,
  type Retraction,
  readConfirmation,
  readRetraction,
} from "@larder/core";
import type { NewMessage } from "@larder/storage";
import { correctedId, readMessage, roomSubjectOf } from "./read-message.js";

/** What a message stanza is for the history. */
export type Content =
  | { readonly kind: "message"; readonly message: NewMessage }
  /** A message that may take the place of another (XEP-0308). */
  | { readonly kind: "correction"; readonly target: string; readonly message: NewMessage }
  | { readonly kind: "retraction"; readonly retraction: Retraction }
  | { readonly kind: "confirmation"; readonly confirmation: Confirmation }
  | { readonly kind: "error" }
  /** Somebody else's business: reactions. */
  | { readonly kind: "other" }
  | { readonly kind: "nothing" };

export type Classified = Content & { readonly envelope: Envelope; readonly subject?: string };

/** A stanza is one of these and not more: a retraction's or reaction's body is only there for those who know neither. */
export function classify(envelope: Envelope, accountId: number, receivedAt: Date): Classified {
  const { message } = envelope;
  if (message.attrs.type === "error") return { envelope, kind: "error" };
  const retraction = readRetraction(message);
  if (retraction) return { envelope, kind: "retraction", retraction };
  if (message.getChild("reactions", NS_REACTIONS)) return { envelope, kind: "other" };
  const subject = roomSubjectOf(envelope);
  const said = readMessage(envelope, accountId, receivedAt);
  if (said) {
    const target = correctedId(envelope);
    if (target !== undefined && said.retracted === undefined)
      return { envelope, kind: "correction", target, message: said };
    return { envelope, kind: "message", message: said, subject };
  }
  const confirmation = readConfirmation(message);
  if (confirmation) return { envelope, kind: "confirmation", confirmation };
  return { envelope, kind: "nothing", subject };
}
