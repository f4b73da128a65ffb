import type { RoomAccount } from "./room-options.js";

/** Passwords of rooms. One that a room has not taken yet does not take the place of one that it has. */
export class RoomPasswords {
  readonly #account: RoomAccount;
  readonly #offered = new Map<string, string>();

  constructor(account: RoomAccount) {
    this.#account = account;
  }

  /** The one to try next. */
  of(room: string): string | undefined {
    return this.#offered.get(room) ?? this.#account.roomPassword(room);
  }

  isOffered(room: string): boolean {
    return this.#offered.has(room);
  }

  offer(room: string, password: string): void {
    if (password !== this.#account.roomPassword(room)) this.#offered.set(room, password);
  }

  /** Offers one that is to be known in the next run of the program too: offline nobody can say whether it is right. */
  async offerAsAsked(room: string, password: string): Promise<void> {
    this.offer(room, password);
    const { online, roomPassword, keepRoomPassword } = this.#account;
    if (!online() && roomPassword(room) === undefined) await keepRoomPassword(room, password);
  }

  /** The room has let us in with it. */
  async taken(room: string): Promise<void> {
    const offered = this.#offered.get(room);
    if (offered === undefined) return;
    this.#offered.delete(room);
    await this.#account.keepRoomPassword(room, offered);
  }

  refused(room: string): void {
    this.#offered.delete(room);
  }
}
