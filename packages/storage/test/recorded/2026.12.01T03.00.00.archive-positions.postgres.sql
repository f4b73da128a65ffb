-- 2026.12.01T03.00.00.archive-positions, revision 1: up;
ALTER TABLE "archive_cursor" ADD COLUMN "newest_position" BIGINT;
ALTER TABLE "archive_gap" ADD COLUMN "after_position" BIGINT;
ALTER TABLE "archive_gap" ADD COLUMN "before_position" BIGINT;
-- down;
ALTER TABLE "archive_gap" DROP COLUMN "before_position";
ALTER TABLE "archive_gap" DROP COLUMN "after_position";
ALTER TABLE "archive_cursor" DROP COLUMN "newest_position";
