import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { sql } from "../sql.js";
import type { WaitingLimits } from "./waiting-limits.js";
import { namesOfMessages } from "./waiting-names.js";

/** A receipt or marker, and what it names a message by that may not be here. */
export interface EarlyConfirmation {
  readonly conversation: string;
  /** In rooms the id that the room gave, else the id of the wire. */
  readonly id: string;
  /** Another device of ours has displayed what came in; else somebody has what we sent. */
  readonly own: boolean;
  readonly groupchat: boolean;
  readonly state: "delivered" | "displayed";
}

/** One that has waited, and the message that it is for. */
export interface WaitingConfirmation extends EarlyConfirmation {
  readonly row: number;
  readonly messageId: number;
}

interface Row {
  readonly id: number;
  readonly conversation: string;
  readonly value: string;
  readonly own: number | boolean;
  readonly groupchat: number | boolean;
  readonly state: string;
  readonly message_id: number;
}

/** Receipts and markers (XEP-0184, XEP-0333) that came before their messages. */
export class MessageConfirmationRepository {
  readonly #db: Database;
  readonly #mostWaiting: number;

  constructor(db: Database, limits: WaitingLimits) {
    this.#db = db;
    this.#mostWaiting = limits.confirmations;
  }

  /** @throws {KeyTooLongError} the id or the conversation */
  async put(accountId: number, confirmation: EarlyConfirmation): Promise<void> {
    const { conversation, id, own, groupchat, state } = confirmation;
    checkKeys({ conversation, value: id });
    return this.#db.write(async ({ executor }) => {
      await executor.run(sql`
        INSERT INTO message_confirmation (account_id, conversation, value, own, groupchat, state, received_at)
        VALUES (${accountId}, ${conversation}, ${id}, ${own}, ${groupchat}, ${state}, ${Date.now()})
        ON CONFLICT (account_id, conversation, value, own, groupchat) DO UPDATE SET
          state = CASE WHEN message_confirmation.state = 'displayed' THEN 'displayed' ELSE excluded.state END`);
      const there = sql`account_id = ${accountId} AND conversation = ${conversation}`;
      await executor.run(sql`
        DELETE FROM message_confirmation WHERE ${there} AND id <= (
          SELECT id FROM message_confirmation WHERE ${there} ORDER BY id DESC
          LIMIT 1 OFFSET ${this.#mostWaiting})`);
    });
  }

  /** Those that wait for one of these messages, by any id that may name it, in the order in which they came. */
  waitingFor(accountId: number, messageIds: readonly number[]): Promise<WaitingConfirmation[]> {
    if (messageIds.length === 0) return Promise.resolve([]);
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(sql`
        WITH ${namesOfMessages(executor, accountId, messageIds)}
        SELECT c.id, c.conversation, c.value, c.own, c.groupchat, c.state, min(n.message_id) AS message_id
        FROM named n ${executor.dialect.joinInOrder} message_confirmation c
          ON c.account_id = ${accountId} AND c.conversation = n.conversation AND c.value = n.name
          AND c.groupchat = n.groupchat AND (c.groupchat OR c.own = (n.direction = 'in'))
        GROUP BY c.id, c.conversation, c.value, c.own, c.groupchat, c.state ORDER BY c.id`);
      return rows.map(({ id, conversation, value, own, groupchat, state, message_id }) => ({
        row: Number(id),
        messageId: Number(message_id),
        conversation,
        id: value,
        own: Boolean(own),
        groupchat: Boolean(groupchat),
        state: state === "displayed" ? "displayed" : "delivered",
      }));
    });
  }

  /** They wait no more. */
  remove(rows: readonly number[]): Promise<void> {
    if (rows.length === 0) return Promise.resolve();
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        DELETE FROM message_confirmation WHERE id IN (
          SELECT id FROM ${executor.dialect.records(
            { id: "number" },
            rows.map((id) => ({ id })),
          )} AS gone)`),
    );
  }

  /** A room's archive, or else the account's, has been read as far as is wanted: nothing older comes that they may be for. */
  forget(accountId: number, room: string | undefined): Promise<void> {
    const where = room === undefined ? sql`NOT groupchat` : sql`groupchat AND conversation = ${room}`;
    return this.#db.write(({ executor }) =>
      executor.run(sql`DELETE FROM message_confirmation WHERE account_id = ${accountId} AND ${where}`),
    );
  }
}
