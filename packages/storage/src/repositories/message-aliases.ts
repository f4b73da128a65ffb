import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { sql } from "../sql.js";

/** An id that a message is known by beside those in its own row. */
export interface MessageAlias {
  readonly messageId: number;
  readonly accountId: number;
  readonly conversation: string;
  readonly kind: "wire" | "origin" | "stanza";
  readonly value: string;
  /** The archive for a stanza id, else the verified sender. */
  readonly givenBy: string;
  /** It is the id of a correction. */
  readonly correction?: boolean;
}

/** Further ids of messages: of their corrections, and of other archives. */
export class MessageAliasRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Keeps an alias; one that is there already, or a stanza id that another message has, is left as it is.
   *
   * @throws {KeyTooLongError} the id or an address
   */
  async add(alias: MessageAlias): Promise<void> {
    const { conversation, value, givenBy } = alias;
    checkKeys({ conversation, value, givenBy });
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        INSERT INTO message_alias (message_id, account_id, conversation, kind, value, given_by, correction)
        VALUES (${alias.messageId}, ${alias.accountId}, ${conversation}, ${alias.kind}, ${value}, ${givenBy},
          ${alias.correction ?? false}) ON CONFLICT DO NOTHING`),
    );
  }

  /** The aliases of a message, in the order in which they became known. */
  of(messageId: number): Promise<MessageAlias[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Record<string, string | number>>(
        sql`SELECT account_id, conversation, kind, value, given_by, correction FROM message_alias
            WHERE message_id = ${messageId} ORDER BY id`,
      );
      return rows.map((row) => ({
        messageId,
        accountId: Number(row.account_id),
        conversation: String(row.conversation),
        kind: row.kind as MessageAlias["kind"],
        value: String(row.value),
        givenBy: String(row.given_by),
        correction: Boolean(row.correction),
      }));
    });
  }
}
