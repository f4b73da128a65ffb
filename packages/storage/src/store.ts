import type { Database } from "./database.js";
import { AccountRepository } from "./repositories/accounts.js";
import { ArchiveRepository } from "./repositories/archives.js";
import { CacheRemoval } from "./repositories/cache-removal.js";
import { ConversationRepository } from "./repositories/conversations.js";
import { EventLogRepository } from "./repositories/events.js";
import { ItemCare } from "./repositories/item-care.js";
import { ItemSearchRepository } from "./repositories/item-search.js";
import { ItemRepository } from "./repositories/items.js";
import { MessageAliasRepository } from "./repositories/message-aliases.js";
import { MessageConfirmationRepository } from "./repositories/message-confirmations.js";
import { MessageRemovalRepository } from "./repositories/message-removals.js";
import { MessageRepository } from "./repositories/messages.js";
import { NodeRepository } from "./repositories/nodes.js";
import { ParsingRepository } from "./repositories/parsing.js";
import { ReactionLedger } from "./repositories/reaction-ledger.js";
import { ReactionTargets } from "./repositories/reaction-targets.js";
import { ReactionRepository } from "./repositories/reactions.js";
import { RoomRepository } from "./repositories/rooms.js";
import { RosterRepository } from "./repositories/roster.js";
import { SendRequestRepository } from "./repositories/send-requests.js";
import { SharedNodeRepository } from "./repositories/shared-nodes.js";
import { SubscriptionRepository } from "./repositories/subscriptions.js";
import { WaitingRepository } from "./repositories/waiting.js";
import { DEFAULT_WAITING_LIMITS, type WaitingLimits } from "./repositories/waiting-limits.js";

/** All repositories of one database. */
export interface Store {
  readonly database: Database;
  readonly accounts: AccountRepository;
  readonly roster: RosterRepository;
  readonly messages: MessageRepository;
  readonly aliases: MessageAliasRepository;
  readonly removals: MessageRemovalRepository;
  readonly confirmations: MessageConfirmationRepository;
  readonly conversations: ConversationRepository;
  readonly archives: ArchiveRepository;
  readonly rooms: RoomRepository;
  readonly reactions: ReactionRepository;
  /** What `@larder/reactions` keeps its ledger in. */
  readonly reactionLedger: ReactionLedger;
  readonly sendRequests: SendRequestRepository;
  readonly nodes: NodeRepository;
  readonly sharedNodes: SharedNodeRepository;
  readonly cacheRemoval: CacheRemoval;
  readonly items: ItemRepository;
  readonly itemCare: ItemCare;
  readonly itemSearch: ItemSearchRepository;
  readonly parsing: ParsingRepository;
  readonly subscriptions: SubscriptionRepository;
  readonly events: EventLogRepository;
  readonly waiting: WaitingRepository;
}

export interface StoreOptions {
  readonly waiting?: Partial<WaitingLimits>;
}

/** The repositories over an open database. */
export function createStore(database: Database, options: StoreOptions = {}): Store {
  const waiting = { ...DEFAULT_WAITING_LIMITS, ...options.waiting };
  const messages = new MessageRepository(database);
  const reactions = new ReactionRepository(database, waiting);
  return {
    database,
    accounts: new AccountRepository(database),
    roster: new RosterRepository(database),
    messages,
    aliases: new MessageAliasRepository(database),
    removals: new MessageRemovalRepository(database, waiting),
    confirmations: new MessageConfirmationRepository(database, waiting),
    conversations: new ConversationRepository(database),
    archives: new ArchiveRepository(database),
    rooms: new RoomRepository(database),
    reactions,
    reactionLedger: new ReactionLedger(database, messages, reactions, new ReactionTargets(database)),
    sendRequests: new SendRequestRepository(database),
    nodes: new NodeRepository(database),
    sharedNodes: new SharedNodeRepository(database),
    cacheRemoval: new CacheRemoval(database),
    items: new ItemRepository(database),
    itemCare: new ItemCare(database),
    itemSearch: new ItemSearchRepository(database),
    parsing: new ParsingRepository(database),
    subscriptions: new SubscriptionRepository(database),
    events: new EventLogRepository(database),
    waiting: new WaitingRepository(database, waiting),
  };
}
