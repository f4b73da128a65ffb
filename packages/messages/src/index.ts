export type { ConnectedAccount, MessagingAccount } from "./account.js";
export { ArchiveSync, type ArchiveSyncOptions, type SyncOutcome } from "./archive-sync.js";
export type { Batch } from "./batch.js";
export { DisplayedMarks } from "./displayed.js";
export { type BatchOutcome, type IntakeOptions, MessageIntake } from "./intake.js";
export { isAddressable, readMessage } from "./read-message.js";
export { type RoomAccount, Rooms, type RoomsOptions } from "./rooms.js";
export { MessageSender, type OutgoingMessage } from "./sender.js";
