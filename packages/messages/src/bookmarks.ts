import { type Bookmark, changeBookmark, NotConnectedError, type Requester } from "@larder/core";
import type { Rooms } from "./rooms.js";

export interface BookmarksOptions {
  readonly account: { readonly requester: Requester; readonly jid: string; readonly online: () => boolean };
  readonly rooms: Rooms;
  /** A bookmark could not be written; the room is joined, or left, all the same. */
  readonly onError: (room: string, error: unknown) => void;
}

/**
 * Joins and leaves rooms for all devices of an account: what is joined here is bookmarked with autojoin (XEP-0402), and joined
 * again at the next start, here and elsewhere.
 */
export class Bookmarks {
  readonly #options: BookmarksOptions;
  /** What we have written and not yet been told of, by room: our own words do not make us act. */
  readonly #echoes = new Map<string, boolean[]>();

  constructor(options: BookmarksOptions) {
    this.#options = options;
  }

  /**
   * As {@link Rooms.join}; the bookmark is written when the room has let us in.
   *
   * @returns the nick that the room gave us
   */
  async join(room: string, wanted: { readonly nick?: string; readonly password?: string }): Promise<string> {
    const { rooms } = this.#options;
    const nick = await rooms.join(room, wanted);
    await this.#write(room, { autojoin: true, nick, name: rooms.nameOf(room) }, true);
    return nick;
  }

  /**
   * Leaves a room and stays out. Its bookmark stays, without autojoin.
   *
   * @throws {NotConnectedError} there is no session, and the bookmark would bring us back
   */
  async leave(room: string): Promise<void> {
    const { rooms, account } = this.#options;
    if (rooms.isAutojoined(room) && !account.online()) throw new NotConnectedError(account.jid);
    await rooms.leave(room);
    if (account.online()) await this.#write(room, { autojoin: false }, false);
  }

  /** A bookmark was set, or taken away (undefined), here or on another device (§4). */
  async take(room: string, bookmark: Bookmark | undefined): Promise<void> {
    const expected = this.#echoes.get(room);
    const isEcho = bookmark !== undefined && expected?.[0] === bookmark.autojoin;
    if (isEcho && expected && expected.length > 1) expected.shift();
    else this.#echoes.delete(room);
    await this.#options.rooms.bookmarked(room, bookmark, { act: !isEcho });
  }

  /** A new session: what was written in the one before is read like anything else. */
  sessionStarted(): void {
    this.#echoes.clear();
  }

  async #write(
    room: string,
    change: { readonly autojoin: boolean; readonly nick?: string; readonly name?: string },
    create: boolean,
  ): Promise<void> {
    const { account, onError } = this.#options;
    const echoes = this.#echoes.get(room) ?? [];
    echoes.push(change.autojoin); // before it is written: the event may be here before the answer
    this.#echoes.set(room, echoes);
    const written = await changeBookmark(account.requester, room, change, { create }).catch(
      (error: unknown) => {
        onError(room, error);
        return false;
      },
    );
    if (!written) echoes.pop();
  }
}
