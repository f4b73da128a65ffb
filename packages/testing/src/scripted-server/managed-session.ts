/** A session with stream management (XEP-0198), as the server keeps it beyond one connection. */
export interface ManagedSession {
  readonly id: string;
  readonly jid: string;
  /** Stanzas of the client that were handled. */
  handled: number;
  /** The last count that the client gave. */
  acknowledged: number;
  /** Texts of the stanzas sent and not acknowledged. */
  readonly queue: string[];
  /** Still there to be resumed. */
  alive: boolean;
}

/** Takes in the client's count. */
export function acknowledge(session: ManagedSession, h: number): void {
  session.queue.splice(0, h - session.acknowledged);
  session.acknowledged = h;
}
