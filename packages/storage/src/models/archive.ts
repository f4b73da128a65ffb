import { Model, type ModelStatic, type Sequelize } from "sequelize";
import { columnsFor, index } from "./columns.js";

/** How far one archive is read (XEP-0313). It moves in the transaction of the messages that it tells of. */
export class ArchiveCursorModel extends Model {
  declare accountId: number;
  declare archive: string;
  declare newestId: string | null;
  declare newestTime: number | null;
  declare newestPosition: number | null;
  declare oldestId: string | null;
  declare oldestTime: number | null;
  declare startReached: boolean;
  declare caughtUpAt: number | null;
}

export function initArchiveCursor(sequelize: Sequelize): ModelStatic<ArchiveCursorModel> {
  const c = columnsFor(sequelize);
  return class extends ArchiveCursorModel {}.init(
    {
      accountId: c.key("account", { primaryKey: true }),
      archive: c.text({ primaryKey: true, comment: "JID of the archive: our own bare JID, or a room's" }),
      newestId: c.text({
        comment: "the archive's id of the newest message up to which nothing is missing but gaps",
      }),
      newestTime: c.instant({
        comment: "its time, from which to go on where the server has forgotten the id",
      }),
      newestPosition: c.bigint({
        comment: "its position in the history, for where no message has the id: it may be a second copy",
      }),
      oldestId: c.text({ comment: "the archive's id of the oldest message that was read" }),
      oldestTime: c.instant({ comment: "its time" }),
      startReached: c.flag({ defaultValue: false, comment: "nothing older is in the archive" }),
      caughtUpAt: c.instant({ comment: "when a catch-up last reached the present" }),
    },
    { sequelize, tableName: "archive_cursor", modelName: "ArchiveCursor" },
  );
}

/** A stretch of an archive that is known to be missing here, until it is filled. */
export class ArchiveGapModel extends Model {
  declare id: number;
  declare accountId: number;
  declare archive: string;
  declare afterId: string | null;
  declare afterTime: number | null;
  declare afterPosition: number | null;
  declare beforeId: string | null;
  declare beforeTime: number | null;
  declare beforePosition: number | null;
  declare foundAt: number;
  declare attempts: number;
  declare lastError: string | null;
}

export function initArchiveGap(sequelize: Sequelize): ModelStatic<ArchiveGapModel> {
  const c = columnsFor(sequelize);
  return class extends ArchiveGapModel {}.init(
    {
      id: c.id(),
      accountId: c.key("account", { allowNull: false }),
      archive: c.text({ allowNull: false, comment: "as in archive_cursor" }),
      afterId: c.text({ comment: "last archive id before the gap; null where only the time is known" }),
      afterTime: c.instant({ comment: "its time" }),
      afterPosition: c.bigint({ comment: "its position, as in archive_cursor" }),
      beforeId: c.text({ comment: "first archive id after the gap" }),
      beforeTime: c.instant({ comment: "its time" }),
      beforePosition: c.bigint({ comment: "its position, as in archive_cursor" }),
      foundAt: c.instant({ allowNull: false, comment: "when it was first known" }),
      attempts: c.count({ allowNull: false, defaultValue: 0, comment: "tries to fill it that failed" }),
      lastError: c.json({ comment: "why the last of them failed" }),
    },
    {
      sequelize,
      tableName: "archive_gap",
      modelName: "ArchiveGap",
      indexes: [index("archive_gap_by_archive", ["account_id", "archive", "before_time"])],
    },
  );
}
