import { type DiscoInfo, NotAcceptableError } from "@larder/core";
import { normalForm, qualifyEmoji } from "./emoji.js";

/** What an entity allows of reactions (XEP-0444 §2.2); what is absent it does not limit. */
export interface Restrictions {
  /** So many emojis of one user at one message. */
  readonly maxPerUser?: number;
  /** These emojis and no others, fully qualified. */
  readonly allowed?: readonly string[];
}

export const NS_REACTIONS_RESTRICTIONS = "urn:xmpp:reactions:0:restrictions";

/** Longer lists of allowed emojis are cut: there are fewer emojis than that. */
const MAX_ALLOWED = 5000;

/**
 * The restrictions that an entity states in its disco#info (XEP-0128).
 *
 * @returns undefined where it states none
 */
export function readRestrictions({ forms }: Pick<DiscoInfo, "forms">): Restrictions | undefined {
  const form = Object.hasOwn(forms, NS_REACTIONS_RESTRICTIONS) ? forms[NS_REACTIONS_RESTRICTIONS] : undefined;
  if (!form) return undefined;
  const maximum = [form.max_reactions_per_user].flat()[0];
  const maxPerUser = maximum !== undefined && /^\d{1,6}$/.test(maximum.trim()) ? Number(maximum) : undefined;
  const listed = form.allowlist === undefined ? undefined : [form.allowlist].flat().slice(0, MAX_ALLOWED);
  const allowed = listed?.flatMap((emoji) => qualifyEmoji(emoji) ?? []);
  if (maxPerUser === undefined && allowed === undefined) return undefined;
  return { ...(maxPerUser !== undefined && { maxPerUser }), ...(allowed && { allowed }) };
}

/** What several entities allow together, of which each gets the stanza. */
export function together(all: readonly Restrictions[]): Restrictions | undefined {
  return all.reduce<Restrictions | undefined>((one, other) => {
    if (!one) return other;
    const maxima = [one.maxPerUser, other.maxPerUser].flatMap((maximum) => maximum ?? []);
    const forms = other.allowed && new Set(other.allowed.map(normalForm));
    const allowed =
      one.allowed && forms
        ? one.allowed.filter((emoji) => forms.has(normalForm(emoji)))
        : (one.allowed ?? other.allowed);
    return { ...(maxima.length > 0 && { maxPerUser: Math.min(...maxima) }), ...(allowed && { allowed }) };
  }, undefined);
}

/**
 * Checks a set before it is sent. Taking emojis away is always allowed.
 *
 * @throws {NotAcceptableError} naming what the other party does not take
 */
export function checkRestrictions(emojis: readonly string[], { maxPerUser, allowed }: Restrictions): void {
  const forms = allowed && new Set(allowed.map(normalForm));
  const refused = forms ? emojis.filter((emoji) => !forms.has(normalForm(emoji))) : [];
  if (allowed && refused.length > 0) {
    const some = allowed.length > 20 ? `${allowed.slice(0, 20).join(" ")} and others` : allowed.join(" ");
    throw new NotAcceptableError(
      `${refused.join(" ")} cannot be used here: the other side takes only ${some === "" ? "no emoji" : some}`,
    );
  }
  if (maxPerUser !== undefined && emojis.length > maxPerUser)
    throw new NotAcceptableError(
      `${emojis.join(" ")} are too many: the other side takes at most ${maxPerUser} of one person`,
    );
}
