import { type Executor, sql } from "../sql.js";
import { loadMessages } from "./message-loading.js";
import type {
  LocalisedText,
  MessageCorrection,
  MessageVersion,
  NewMessage,
  MessageRow as Row,
} from "./message-record.js";
import { keepTexts, searchableText } from "./message-writing.js";

/** @param number the first is 0; those from there on move up. Default: after all others. */
async function keepVersion(
  executor: Executor,
  id: number,
  version: MessageVersion,
  number?: number,
): Promise<void> {
  if (number !== undefined) {
    // In two steps: no two rows may have the same number on the way.
    await executor.run(
      sql`UPDATE message_version SET number = -1 - number WHERE message_id = ${id} AND number >= ${number}`,
    );
    await executor.run(
      sql`UPDATE message_version SET number = -number WHERE message_id = ${id} AND number < 0`,
    );
  }
  const place =
    number === undefined
      ? sql`(SELECT count(*) FROM message_version WHERE message_id = ${id})`
      : sql`${number}`;
  await executor.run(sql`
    INSERT INTO message_version (message_id, number, bodies, subjects, timestamp, replaced_at, raw)
    VALUES (${id}, ${place}, ${JSON.stringify(version.bodies)}, ${JSON.stringify(version.subjects)},
      ${version.timestamp.getTime()}, ${version.replacedAt.getTime()}, ${version.raw ?? null})`);
}

/**
 * Puts a correction in the place of what was said (XEP-0308). The message keeps its uid, ids and place;
 * what stood before is kept as a version, and search finds the new text alone from the same commit on.
 *
 * @returns false where the message is retracted, which wins over any correction, or gone
 */
export async function correctMessage(
  executor: Executor,
  id: number,
  correction: MessageCorrection,
): Promise<boolean> {
  const [before] = await loadMessages(executor, sql`WHERE m.id = ${id} AND m.retracted IS NULL`);
  if (!before) return false;
  const at = correction.timestamp.getTime();
  await keepVersion(executor, id, {
    ...before,
    timestamp: before.edited ?? before.timestamp,
    replacedAt: correction.timestamp,
  });
  await executor.run(sql`DELETE FROM message_text WHERE message_id = ${id}`);
  await keepTexts(executor, [{ ...correction, id }]);
  const searchable = searchableText({ ...correction, encrypted: before.encrypted });
  await executor.run(
    sql`UPDATE message SET edited = ${at}, raw = ${correction.raw ?? null}, search_text = ${searchable},
          digest = COALESCE(${correction.digest ?? null}, digest) WHERE id = ${id}`,
  );
  return true;
}

/**
 * The first version of a message of which only a correction was here: the row takes its ids and place, and what it
 * said is kept as a version.
 */
export async function completeMessage(executor: Executor, id: number, first: NewMessage): Promise<void> {
  const [standIn] = await loadMessages(executor, sql`WHERE m.id = ${id}`);
  if (!standIn) return;
  const edited = standIn.edited ?? standIn.timestamp;
  const gone = standIn.retracted !== undefined;
  const { stanzaId = null, stanzaIdBy = null } = first;
  const claimed = await executor.first(
    sql`SELECT 1 FROM message WHERE account_id = ${standIn.accountId} AND stanza_id_by = ${stanzaIdBy}
        AND stanza_id = ${stanzaId} AND stanza_id IS NOT NULL AND id <> ${id}`,
  );
  if (!gone) await keepVersion(executor, id, { ...first, replacedAt: edited }, 0);
  await executor.run(sql`
    UPDATE message SET wire_id = ${first.wireId ?? null}, origin_id = ${first.originId ?? null},
      stanza_id = ${claimed ? null : stanzaId}, stanza_id_by = ${claimed ? null : stanzaIdBy}, thread = ${first.thread ?? null},
      reply_to_id = ${first.replyToId ?? null}, timestamp = ${first.timestamp.getTime()},
      position = ${first.position ?? first.timestamp.getTime() * 1000}, stands_for = NULL,
      digest = ${first.digest ?? null}, edited = ${gone ? null : edited.getTime()}, from_jid = ${first.from}, to_jid = ${first.to} WHERE id = ${id}`);
}

/**
 * Takes back what was said (XEP-0424, 0425): texts, versions and stanza go, and no search finds them from
 * the same commit on. The row stays, so that a later copy from an archive cannot bring them back.
 */
export async function retractMessage(
  executor: Executor,
  id: number,
  at: Date,
  digest: string | undefined,
): Promise<void> {
  await executor.run(sql`DELETE FROM message_text WHERE message_id = ${id}`);
  await executor.run(sql`DELETE FROM message_version WHERE message_id = ${id}`);
  await executor.run(sql`DELETE FROM reaction_change WHERE message_id = ${id}`);
  await executor.run(
    sql`UPDATE message SET retracted = ${at.getTime()}, raw = NULL, search_text = '', extra = '{}', error = NULL,
          digest = COALESCE(${digest ?? null}, digest) WHERE id = ${id}`,
  );
}

/** What a message said before its corrections, oldest first. */
export async function versionsOf(executor: Executor, id: number): Promise<MessageVersion[]> {
  const rows = await executor.all<Row>(
    sql`SELECT bodies, subjects, timestamp, replaced_at, raw FROM message_version WHERE message_id = ${id} ORDER BY number`,
  );
  return rows.map((row) => ({
    bodies: JSON.parse(String(row.bodies)) as LocalisedText[],
    subjects: JSON.parse(String(row.subjects)) as LocalisedText[],
    timestamp: new Date(Number(row.timestamp)),
    replacedAt: new Date(Number(row.replaced_at)),
    raw: row.raw === null ? undefined : String(row.raw),
  }));
}
