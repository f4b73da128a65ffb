import { type Executor, type Sql, sql } from "../sql.js";

/**
 * Every id by which others name these messages, as a list of common table expressions that ends with
 * `named (message_id, conversation, groupchat, direction, name)`: in rooms the ids that the room gave (XEP-0444 §4.2,
 * XEP-0333 §5.2), elsewhere origin-id and id, also of corrections (XEP-0308 §4).
 */
export function namesOfMessages(
  { dialect }: Executor,
  accountId: number,
  messageIds: readonly number[],
): Sql {
  const rows = messageIds.map((id) => ({ id }));
  const columns = (name: Sql) =>
    sql`s.id AS message_id, s.conversation, s.groupchat, s.direction, ${name} AS name`;
  return sql`said AS MATERIALIZED (
      SELECT m.id, m.conversation, m.type = 'groupchat' AS groupchat, m.direction, m.origin_id, m.wire_id, m.stanza_id,
        m.stanza_id_by FROM ${dialect.records({ id: "number" }, rows)} AS g ${dialect.joinInOrder} message m
        ON m.id = g.id AND m.account_id = ${accountId}),
    named AS (
      SELECT ${columns(sql`s.origin_id`)} FROM said s WHERE NOT s.groupchat AND s.origin_id IS NOT NULL
      UNION SELECT ${columns(sql`s.wire_id`)} FROM said s WHERE NOT s.groupchat AND s.wire_id IS NOT NULL
      UNION SELECT ${columns(sql`s.stanza_id`)} FROM said s
        WHERE s.groupchat AND s.stanza_id_by = s.conversation AND s.stanza_id IS NOT NULL
      UNION SELECT ${columns(sql`a.value`)} FROM said s ${dialect.joinInOrder} message_alias a ON a.message_id = s.id
        WHERE CASE WHEN s.groupchat THEN a.kind = 'stanza' AND a.given_by = s.conversation ELSE a.kind <> 'stanza' END)`;
}
