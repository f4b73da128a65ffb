import { type Sql, sql } from "../sql.js";

/** A text in one language; `lang` is empty where none is stated. */
export interface LocalisedText {
  readonly lang: string;
  readonly text: string;
}

export type MessageState = "pending" | "sent" | "delivered" | "displayed" | "failed";

/** A message as it is kept. */
export interface MessageRecord {
  readonly id: number;
  readonly uid: string;
  readonly accountId: number;
  readonly conversation: string;
  readonly direction: "in" | "out";
  readonly type: string;
  readonly from: string;
  readonly to: string;
  /** The verified sender: a bare JID, in rooms `room/nick`. */
  readonly sender: string;
  readonly wireId?: string;
  readonly originId?: string;
  readonly stanzaId?: string;
  readonly stanzaIdBy?: string;
  readonly thread?: string;
  readonly replyToId?: string;
  readonly timestamp: Date;
  /** Order of history: microseconds of `timestamp`, put right where the archive says another order. */
  readonly position: number;
  /** It is a correction whose first version is not here yet: the id that it gives that. */
  readonly standsFor?: string;
  readonly receivedAt: Date;
  readonly state?: string;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly nick?: string;
  readonly occupantId?: string;
  readonly realJid?: string;
  readonly edited?: Date;
  readonly retracted?: Date;
  readonly delayed: boolean;
  readonly encrypted?: string;
  /**
   * Keyed digest of the words of the first version, whatever has become of them since: copies are compared by it. Absent in
   * rows that were kept without a key, or changed before there were digests.
   */
  readonly digest?: string;
  readonly raw?: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
}

/** A message without what may be large: its texts and its stanza. */
export type MessageHead = Omit<MessageRecord, "raw" | "extra" | "error" | "bodies" | "subjects">;

export type NewMessage = Omit<MessageRecord, "id" | "uid" | "edited" | "error" | "position"> & {
  readonly uid?: string;
  /** Default: the place of `timestamp`. */
  readonly position?: number;
};

/** Where a message of this instant stands in the order of history, when no archive says otherwise. */
export const positionOf = (timestamp: Date): number => timestamp.getTime() * 1000;

/** What takes the place of a message's texts (XEP-0308). */
export interface MessageCorrection {
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
  /** Of the correction. */
  readonly timestamp: Date;
  readonly raw?: string;
  /** Of the first version, where the row has none; of these texts, where they are the first that anybody sees. */
  readonly digest?: string;
}

/** What a message said before it was corrected. */
export interface MessageVersion {
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
  /** When this was said. */
  readonly timestamp: Date;
  readonly replacedAt: Date;
  readonly raw?: string;
}

export type MessageRow = Record<string, string | number | null>;

export interface MessageTextRow {
  message_id: number;
  kind: string;
  lang: string;
  text: string;
}

const text = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value);
const date = (value: unknown): Date | undefined =>
  value === null || value === undefined ? undefined : new Date(Number(value));

export function headOf(row: MessageRow): MessageHead {
  return {
    id: Number(row.id),
    uid: String(row.uid),
    accountId: Number(row.account_id),
    conversation: String(row.conversation),
    direction: row.direction === "out" ? "out" : "in",
    type: String(row.type),
    from: String(row.from_jid),
    to: String(row.to_jid),
    sender: String(row.sender),
    wireId: text(row.wire_id),
    originId: text(row.origin_id),
    stanzaId: text(row.stanza_id),
    stanzaIdBy: text(row.stanza_id_by),
    thread: text(row.thread),
    replyToId: text(row.reply_to_id),
    timestamp: new Date(Number(row.timestamp)),
    position: Number(row.position),
    standsFor: text(row.stands_for),
    receivedAt: new Date(Number(row.received_at)),
    state: text(row.state),
    nick: text(row.nick),
    occupantId: text(row.occupant_id),
    realJid: text(row.real_jid),
    edited: date(row.edited),
    retracted: date(row.retracted),
    delayed: Boolean(row.delayed),
    encrypted: text(row.encrypted),
    digest: text(row.digest),
  };
}

export function messageOf(row: MessageRow, texts: readonly MessageTextRow[]): MessageRecord {
  const of = (kind: string) =>
    texts.filter((entry) => entry.kind === kind).map(({ lang, text: value }) => ({ lang, text: value }));
  return {
    ...headOf(row),
    error: row.error ? (JSON.parse(String(row.error)) as Record<string, unknown>) : undefined,
    raw: text(row.raw),
    extra: JSON.parse(String(row.extra ?? "{}")) as Record<string, unknown>,
    bodies: of("body"),
    subjects: of("subject"),
  };
}

/** Columns of {@link MessageHead}, of the table named `m`. */
export const headColumns: Sql = sql`m.id, m.uid, m.account_id, m.conversation, m.direction, m.type, m.from_jid, m.to_jid,
  m.sender, m.wire_id, m.origin_id, m.stanza_id, m.stanza_id_by, m.thread, m.reply_to_id, m.timestamp, m.position,
  m.stands_for, m.received_at, m.state, m.nick, m.occupant_id, m.real_jid, m.edited, m.retracted, m.delayed, m.encrypted,
  m.digest`;

/** Columns of {@link MessageRecord}, of the table named `m`. */
export const messageColumns: Sql = sql`${headColumns}, m.error, m.raw, m.extra`;
