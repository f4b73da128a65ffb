-- 2026.12.01T02.00.00.room-state, revision 1: up;
ALTER TABLE "room" ADD COLUMN "state" TEXT COLLATE "C";
ALTER TABLE "room" ADD COLUMN "removal" TEXT COLLATE "C";
-- down;
ALTER TABLE "room" DROP COLUMN "removal";
ALTER TABLE "room" DROP COLUMN "state";
