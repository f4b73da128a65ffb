/** How far one of our own changes has come. */
export type OwnReactionState = "pending" | "sent" | "refused";

/** One change of one sender's reactions to one message: from here on the set is this (XEP-0444 §3.2). */
export interface ReactionChange {
  /** Absent until it is stored. */
  readonly id?: number;
  readonly accountId: number;
  readonly conversation: string;
  /** The id by which the stanza names the message (§4.2). */
  readonly target: string;
  /** The id is one that the room gave. */
  readonly groupchat: boolean;
  /** Row of the message; absent while none is known by that id. */
  readonly messageId?: number;
  /** Bare JID; in rooms the occupant-id, else the real bare JID, else `room/nick`. */
  readonly sender: string;
  /** It is the account's own. */
  readonly own: boolean;
  readonly realJid?: string;
  readonly nick?: string;
  readonly emojis: readonly string[];
  /** For each emoji, the position since which it has been held without a break. */
  readonly since: readonly number[];
  readonly timestamp: Date;
  /** Order of changes, in microseconds. */
  readonly position: number;
  /** An archive has given the position. */
  readonly placed: boolean;
  /** It is the sender's last change that was not refused. */
  readonly stands: boolean;
  /** The archive's id. */
  readonly stanzaId?: string;
  /** Id of the stanza. */
  readonly wireId?: string;
  /** While it waits for its message: since when the nick that alone tells who it was has been in the room. */
  readonly presentSince?: Date;
  /** Of our own. */
  readonly state?: OwnReactionState;
}

/** Who holds a set: one sender at one message, which may not be here yet. */
export type ReactionHolder = { readonly sender: string } & (
  | { readonly messageId: number }
  | { readonly conversation: string; readonly target: string; readonly messageId?: undefined }
);

/** Which changes are wanted. */
export type ReactionFilter =
  /** All of these holders. */
  | { readonly holders: readonly ReactionHolder[] }
  /** All of these messages; with `standing` only what stands. */
  | { readonly messages: readonly number[]; readonly standing?: boolean }
  /** Our own that went out as this stanza to one of these conversations. */
  | { readonly sentAs: string; readonly to: readonly string[] }
  /** Our own that no server has confirmed. */
  | { readonly pending: true };

/** An id by which a stanza names a message. */
export interface ReactionTargetName {
  readonly conversation: string;
  readonly id: string;
  /** The id is one that the room gave; else the sender's. */
  readonly groupchat: boolean;
}

/** A message as reactions need it. */
export interface ReactionTarget {
  readonly id: number;
  readonly uid: string;
  readonly accountId: number;
  readonly conversation: string;
  readonly type: string;
  readonly timestamp: Date;
  readonly retracted?: Date;
}

/** A change together with the message that it has waited for. */
export interface WaitingReaction {
  readonly change: ReactionChange;
  readonly message: ReactionTarget;
}

/** A message as a reaction of ours needs it. */
export interface ReactedMessage extends ReactionTarget {
  readonly originId?: string;
  readonly wireId?: string;
  /** Only where the conversation's room gave it. */
  readonly roomStanzaId?: string;
  /** It is a correction whose first version is not here: that one's id. */
  readonly standsFor?: string;
  /** Its sender asked that it be stored nowhere (XEP-0334 §4). */
  readonly noStore: boolean;
}

/** Who reacted, as front-ends are told. */
export interface ReactionSender {
  /** Bare JID; in rooms the occupant-id, else the real bare JID, else `room/nick`. */
  readonly id: string;
  readonly jid?: string;
  readonly nick?: string;
  /** It is the account itself. */
  readonly self: boolean;
}

/** The visible set of a message's reactions has changed. */
export interface ReactionEvent {
  readonly accountId: number;
  /** The message's uid. */
  readonly uid: string;
  readonly origin: "live" | "catchup";
  readonly sender: ReactionSender;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Our own was refused (XEP-0444 §3.3): what stood before stands again. */
  readonly error?: Readonly<Record<string, unknown>>;
}

/**
 * What reactions need of a store. Rows of accounts and messages are numbers of the store's own.
 */
export interface ReactionStore {
  /** Runs work as one unit: all that it does is kept, or nothing; inside a unit it joins that. */
  unit<T>(work: () => Promise<T>): Promise<T>;
  /** The message that each of these ids means, the earliest stored where several fit (XEP-0444 §4.2). */
  targets(
    accountId: number,
    names: readonly ReactionTargetName[],
  ): Promise<readonly (ReactionTarget | undefined)[]>;
  /**
   * Changes that wait for one of these messages, by any id that may name it: also of its corrections (XEP-0308 §4). Asked for
   * each new message, so it must not cost more if others wait.
   */
  waiting(accountId: number, messageIds: readonly number[]): Promise<readonly WaitingReaction[]>;
  message(id: number): Promise<ReactedMessage | undefined>;
  /** Changes in the order of their positions. */
  changes(accountId: number, filter: ReactionFilter): Promise<readonly ReactionChange[]>;
  /** Where an archive has put changes that are here, by its ids; without it none is known to be in place. */
  places?(
    accountId: number,
    stanzaIds: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly timestamp: Date; readonly position: number }>>;
  /**
   * Keeps changes: new ones where they have no `id`, else what became of them. Of those that wait for a message a store should
   * keep a bounded number for each sender: anybody may send them for ids that nothing has.
   */
  put(changes: readonly ReactionChange[]): Promise<void>;
  /** Forgets changes by their `id`. */
  remove(ids: readonly number[]): Promise<void>;
  /** Called inside the unit that made the change: whoever is to hear of it is told with its commit. */
  tell(event: ReactionEvent): Promise<void>;
  /** Whether a text can be a key of the store. Default: every text can. */
  fits?(text: string): boolean;
}
