import type { BridgeInput, BridgeMethod, BridgeResult } from "@larder/core";
import type { MessageSender } from "@larder/messages";
import type { PubsubCache, Reparser } from "@larder/pubsub-cache";
import type { ItemAttachments, Reactions } from "@larder/reactions";
import type { Store } from "@larder/storage";
import type { AttachmentCounter } from "../accounts/attachment-counter.js";
import type { AccountManager } from "../accounts/manager.js";
import type { BridgeConnection } from "../bridge/connection.js";
import type { JsonText } from "../bridge/json-text.js";
import type { ReactionViews } from "../views/reactions.js";

/** What a method works with. */
export interface MethodContext {
  readonly store: Store;
  readonly accounts: AccountManager;
  readonly sender: MessageSender;
  readonly reactions: Reactions;
  readonly reactionViews: ReactionViews;
  readonly attachments: ItemAttachments;
  readonly attachmentCounts: AttachmentCounter;
  readonly cache: PubsubCache;
  readonly reparser: Reparser;
  /** Facts about the daemon itself. */
  readonly daemon: {
    readonly version: string;
    connections(): number;
    parserPool(): Record<string, unknown>;
    /** Items that the cache has left out since the start. */
    droppedItems(): number;
  };
  /** Who called. */
  readonly connection: BridgeConnection;
}

/** Implements one method. */
export type MethodHandler<M extends BridgeMethod> = (
  input: BridgeInput<M>,
  context: MethodContext,
) => Promise<BridgeResult<M> | JsonText>;

/** Every method with its handler; one that is missing does not compile. */
export type MethodHandlers = { [M in BridgeMethod]: MethodHandler<M> };
