export type { ReactingAccount, ReactingRoom } from "./account.js";
export {
  type AttachmentCount,
  type AttachmentCounts,
  type AttachmentItem,
  type AttachmentSource,
  attachmentCounts,
  countAttachments,
  readSummary,
} from "./attachments/counts.js";
export { type AttachingAccount, ItemAttachments } from "./attachments/item-attachments.js";
export {
  attachmentNode,
  type ItemAddress,
  NS_ATTACHMENTS,
  NS_ATTACHMENTS_SUMMARY,
  summaryNode,
} from "./attachments/node-names.js";
export { type Attachments, readAttachments, writeAttachments } from "./attachments/payload.js";
export { type LoggedReaction, reactionLog } from "./change-log.js";
export { companionOf, type ReactionCompanion } from "./companion.js";
export { normalForm, qualifyEmoji } from "./emoji.js";
export { fitsFilter } from "./filter.js";
export { type ReactionBatch, ReactionIntake } from "./intake.js";
export { Reactions } from "./reactions.js";
export {
  checkRestrictions,
  NS_REACTIONS_RESTRICTIONS,
  type Restrictions,
  readRestrictions,
  together,
} from "./restrictions.js";
export { type OutgoingReactions, type ReactionsPayload, reactionsStanza, readReactions } from "./stanza.js";
export { type ReactionSummary, type Standing, summariseReactions } from "./summary.js";
export { applyUpdate, type Difference, differenceOf, type ReactionUpdate } from "./update.js";
