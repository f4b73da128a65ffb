import { z } from "zod";
import { errorField, time } from "./common.js";

export const messageType = z.enum(["chat", "normal", "groupchat", "headline"]);

/** A text in one language; `lang` is empty where none is stated (RFC 6121 §5.2.3). */
export const localisedText = z.object({ lang: z.string(), text: z.string() });

/** Who reacted: `id` is the bare JID, in rooms the occupant-id, else the real bare JID, else `room/nick`. */
export const reactionSender = z.object({
  id: z.string(),
  jid: z.string().optional(),
  nick: z.string().optional(),
  self: z.boolean(),
});

export const reactionSummary = z.object({
  emoji: z.string(),
  count: z.int(),
  senders: z.array(reactionSender),
  mine: z.boolean(),
});

/** One change of a message's reactions. */
export const reactionChange = z.object({
  sender: reactionSender,
  reactions: z.array(z.string()).describe("the whole set from then on"),
  added: z.array(z.string()),
  removed: z.array(z.string()),
  timestamp: time,
  refused: z.boolean().optional().describe("the other side did not take it, so that it never stood"),
});

/** A file that a message shares. */
export const attachment = z.object({
  url: z.string().describe("http or https, with a host"),
  name: z.string().optional(),
  size: z.int().optional().describe("in bytes"),
  type: z.string().optional().describe("media type"),
  hash: z.string().optional().describe("algorithm, a colon, and the hash in Base64, as sha-256:…"),
});

/** An invitation into a room. */
export const invitation = z.object({
  room: z.string(),
  inviter: z.string().optional(),
  reason: z.string().optional(),
  password: z.string().optional(),
});

export const message = z
  .object({
    uid: z.string(),
    account: z.string(),
    from: z.string(),
    to: z.string(),
    conversation: z.string(),
    direction: z.enum(["in", "out"]),
    type: messageType,
    bodies: z.array(localisedText),
    subjects: z.array(localisedText),
    thread: z.string().optional(),
    replyTo: z.object({ uid: z.string().optional(), id: z.string() }).optional(),
    originId: z.string().optional(),
    stanzaId: z.string().optional(),
    timestamp: time,
    receivedAt: time,
    state: z.enum(["pending", "sent", "delivered", "displayed", "failed"]).optional(),
    error: errorField.optional(),
    nick: z.string().optional(),
    occupantId: z.string().optional(),
    realJid: z.string().optional(),
    edited: time.optional(),
    retracted: time.optional(),
    delayed: z.boolean().optional(),
    encrypted: z.object({ namespace: z.string() }).optional(),
    attachments: z
      .array(attachment)
      .optional()
      .describe("files that it shares (XEP-0066, XEP-0385, XEP-0447)"),
    invitation: invitation.optional().describe("into a room (XEP-0045 §7.8, XEP-0249)"),
    reactions: z.array(reactionSummary),
    reactionLog: z.array(reactionChange).optional().describe("on request: how they came about"),
    extra: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Message", description: "one message of one account's history" });

export const conversation = z
  .object({
    account: z.string(),
    conversation: z.string(),
    type: z.enum(["chat", "groupchat"]),
    name: z.string().optional(),
    unread: z.int(),
    last: message,
  })
  .meta({ id: "Conversation", description: "what one account has with one other party or room" });
