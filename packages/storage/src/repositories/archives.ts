import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { sql } from "../sql.js";

/** A place in an archive: its id and the archive's time of it. */
export interface ArchivePoint {
  /** Absent where only the time is known. */
  readonly id?: string;
  readonly time?: Date;
}

/** A point of an archive that may be no message of the history: a second copy of one, or a correction. */
export interface PlacedPoint extends ArchivePoint {
  /** Its position in the order of history, for as long as no message has its id. */
  readonly position?: number | undefined;
}

/** How far one archive is read (XEP-0313). */
export interface ArchiveCursor {
  /** The newest message that was read; up to it nothing is missing but {@link ArchiveGap}s. */
  readonly newest?: PlacedPoint;
  /** The oldest message that was read. */
  readonly oldest?: ArchivePoint;
  /** Nothing older is in the archive, or wanted. */
  readonly startReached: boolean;
  /** When reading last reached the present. */
  readonly caughtUpAt?: Date;
}

/** A stretch of an archive that is known to be missing here. */
export interface ArchiveGap {
  readonly id: number;
  /** What stands before it; nothing where it begins with the archive. */
  readonly after: PlacedPoint;
  readonly before: PlacedPoint;
  readonly foundAt: Date;
  readonly attempts: number;
}

type Row = Record<string, string | number | null>;

const pointOf = (id: unknown, time: unknown): ArchivePoint | undefined =>
  id == null && time == null
    ? undefined
    : { ...(id != null && { id: String(id) }), ...(time != null && { time: new Date(Number(time)) }) };

const placedPointOf = (id: unknown, time: unknown, position: unknown): PlacedPoint | undefined => {
  const point = pointOf(id, time);
  return point && position != null ? { ...point, position: Number(position) } : point;
};

const idOf = (point: ArchivePoint | undefined) => point?.id ?? null;
const timeOf = (point: ArchivePoint | undefined) => point?.time?.getTime() ?? null;

/** How far archives are read, and what is known to be missing. It is changed in the unit of work of the messages that it tells of. */
export class ArchiveRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @returns undefined where nothing of this archive was read yet */
  cursor(accountId: number, archive: string): Promise<ArchiveCursor | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<Row>(
        sql`SELECT * FROM archive_cursor WHERE account_id = ${accountId} AND archive = ${archive}`,
      );
      return (
        row && {
          newest: placedPointOf(row.newest_id, row.newest_time, row.newest_position),
          oldest: pointOf(row.oldest_id, row.oldest_time),
          startReached: Boolean(row.start_reached),
          caughtUpAt: row.caught_up_at === null ? undefined : new Date(Number(row.caught_up_at)),
        }
      );
    });
  }

  /** @throws {KeyTooLongError} the archive */
  async setCursor(accountId: number, archive: string, cursor: ArchiveCursor): Promise<void> {
    checkKeys({ archive });
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        INSERT INTO archive_cursor (account_id, archive, newest_id, newest_time, newest_position, oldest_id, oldest_time,
          start_reached, caught_up_at)
        VALUES (${accountId}, ${archive}, ${idOf(cursor.newest)}, ${timeOf(cursor.newest)},
          ${cursor.newest?.position ?? null}, ${idOf(cursor.oldest)}, ${timeOf(cursor.oldest)}, ${cursor.startReached}, ${cursor.caughtUpAt?.getTime() ?? null})
        ON CONFLICT (account_id, archive) DO UPDATE SET newest_id = excluded.newest_id, newest_time = excluded.newest_time,
          newest_position = excluded.newest_position, oldest_id = excluded.oldest_id, oldest_time = excluded.oldest_time, start_reached = excluded.start_reached,
          caught_up_at = excluded.caught_up_at`),
    );
  }

  /** What is missing, the newest gap first. */
  gaps(accountId: number, archive: string): Promise<ArchiveGap[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(
        sql`SELECT * FROM archive_gap WHERE account_id = ${accountId} AND archive = ${archive} ORDER BY before_time DESC, id DESC`,
      );
      return rows.map((row) => ({
        id: Number(row.id),
        after: placedPointOf(row.after_id, row.after_time, row.after_position) ?? {},
        before: placedPointOf(row.before_id, row.before_time, row.before_position) ?? {},
        foundAt: new Date(Number(row.found_at)),
        attempts: Number(row.attempts),
      }));
    });
  }

  addGap(accountId: number, archive: string, gap: Pick<ArchiveGap, "after" | "before">): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(sql`
        INSERT INTO archive_gap (account_id, archive, after_id, after_time, after_position, before_id, before_time, before_position,
          found_at, attempts)
        VALUES (${accountId}, ${archive}, ${idOf(gap.after)}, ${timeOf(gap.after)},
          ${gap.after.position ?? null}, ${idOf(gap.before)}, ${timeOf(gap.before)}, ${gap.before.position ?? null}, ${Date.now()}, 0)`),
    );
  }

  /** A page of it was read: it begins later now. */
  narrowGap(id: number, after: PlacedPoint): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(
        sql`UPDATE archive_gap SET after_id = ${idOf(after)}, after_time = ${timeOf(after)},
              after_position = ${after.position ?? null}, attempts = 0, last_error = NULL
            WHERE id = ${id}`,
      ),
    );
  }

  /** It could not be filled now. */
  gapFailed(id: number, error: object): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(
        sql`UPDATE archive_gap SET attempts = attempts + 1, last_error = ${JSON.stringify(error)} WHERE id = ${id}`,
      ),
    );
  }

  removeGap(id: number): Promise<void> {
    return this.#db.write(({ executor }) => executor.run(sql`DELETE FROM archive_gap WHERE id = ${id}`));
  }
}
