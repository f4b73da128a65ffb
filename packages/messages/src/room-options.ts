import type { ArchiveRequester, XmlElement } from "@larder/core";
import type { RoomRemoval } from "@larder/storage";

/** An account as its rooms see it. */
export interface RoomAccount {
  readonly id: number;
  readonly jid: string;
  readonly online: () => boolean;
  readonly requester: ArchiveRequester;
  readonly send: (stanza: XmlElement) => Promise<void>;
  /** Passwords of rooms are secrets, and no part of the database. */
  readonly roomPassword: (room: string) => string | undefined;
  readonly keepRoomPassword: (room: string, password: string | undefined) => Promise<void>;
}

export interface RoomsOptions {
  /** In a room, or in it again: what was said meanwhile is to be read, and what waits to be sent. */
  readonly onJoined: (room: string) => void;
  /** Not in a room any more, by its doing: what waits to be sent there cannot be sent. */
  readonly onRemoved: (room: string, error: RoomRemoval["error"]) => void;
  readonly onError: (room: string, error: unknown) => void;
  /** Children of every presence of ours. */
  readonly presenceExtra: () => readonly XmlElement[];
  /** Pause between self-pings (XEP-0410), in milliseconds. Default 15 min. */
  readonly pingEveryMs?: number;
  /** Time limit of a join, in milliseconds. Default 30 s. */
  readonly joinTimeoutMs?: number;
}

export const JOIN_TIMEOUT_MS = 30_000;
