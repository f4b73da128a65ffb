export type { MessagingAccount } from "./account.js";
export { MessageIntake } from "./intake.js";
export { readMessage } from "./read-message.js";
export { MessageSender, type OutgoingMessage } from "./sender.js";
