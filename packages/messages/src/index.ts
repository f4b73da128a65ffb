export type { MessagingAccount } from "./account.js";
export { MessageIntake } from "./intake.js";
export { isAddressable, readMessage } from "./read-message.js";
export { MessageSender, type OutgoingMessage } from "./sender.js";
