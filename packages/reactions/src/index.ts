export { normalForm, qualifyEmoji } from "./emoji.js";
export { applyUpdate, type ReactingAccount, Reactions, type ReactionUpdate } from "./reactions.js";
export { type ReactionsPayload, reactionsStanza, readReactions } from "./stanza.js";
export { type ReactionSummary, summariseReactions } from "./summary.js";
