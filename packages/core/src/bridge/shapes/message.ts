import { z } from "zod";
import { errorField, time } from "./common.js";

export const messageType = z.enum(["chat", "normal", "groupchat", "headline"]);

/** A text in one language; `lang` is empty where none is stated (RFC 6121 §5.2.3). */
export const localisedText = z.object({ lang: z.string(), text: z.string() });

export const reactionSummary = z.object({
  emoji: z.string(),
  count: z.int(),
  senders: z.array(
    z.object({ id: z.string(), jid: z.string().optional(), nick: z.string().optional(), self: z.boolean() }),
  ),
  mine: z.boolean(),
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
    reactions: z.array(reactionSummary),
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
