import type { Envelope } from "@larder/core";
import type { ReactingAccount } from "./account.js";
import type { ReactionBatch } from "./intake.js";
import type { Reactions } from "./reactions.js";

/** What takes in a program's messages hands on to reactions, in the same unit of work: see `Companion` of @larder/messages. */
export interface ReactionCompanion {
  places(
    account: { readonly jid: string; readonly id: number },
    envelopes: readonly Envelope[],
  ): Promise<readonly ({ readonly timestamp: Date; readonly position: number } | undefined)[]>;
  take(
    account: { readonly jid: string },
    envelopes: readonly Envelope[],
    batch: ReactionBatch,
  ): Promise<readonly boolean[]>;
  refused(account: { readonly jid: string }, envelope: Envelope): Promise<boolean>;
  named(
    account: { readonly jid: string },
    messages: readonly { readonly id: number; readonly conversation: string }[],
    context: { readonly origin?: "live" | "catchup"; readonly fresh?: ReadonlySet<number> },
  ): Promise<void>;
}

/** @param reactingAs an account as reactions see it, by its bare JID */
export const companionOf = (
  reactions: Reactions,
  reactingAs: (jid: string) => ReactingAccount,
): ReactionCompanion => ({
  async places(account, envelopes) {
    const ids = envelopes.map(({ stanzaId }) => stanzaId?.id);
    const places = await reactions.places(
      account.id,
      ids.flatMap((id) => id ?? []),
    );
    return ids.map((id) => (id === undefined ? undefined : places.get(id)));
  },
  take: ({ jid }, envelopes, batch) => reactions.intake.takeAll(reactingAs(jid), envelopes, batch),
  refused: ({ jid }, envelope) => reactions.take(reactingAs(jid), envelope),
  named: ({ jid }, messages, context) => reactions.intake.adopt(reactingAs(jid), messages, context),
});
