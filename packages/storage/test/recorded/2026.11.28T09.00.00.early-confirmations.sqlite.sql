-- 2026.11.28T09.00.00.early-confirmations, revision 1: up;
CREATE TABLE `message_confirmation` (`id` INTEGER PRIMARY KEY AUTOINCREMENT, `account_id` INTEGER NOT NULL REFERENCES `account` (`id`) ON DELETE CASCADE, `conversation` TEXT NOT NULL, `value` TEXT NOT NULL, `own` TINYINT(1) NOT NULL DEFAULT 0, `groupchat` TINYINT(1) NOT NULL DEFAULT 0, `state` TEXT NOT NULL);
CREATE UNIQUE INDEX `message_confirmation_by_value` ON `message_confirmation` (`account_id`, `conversation`, `value`, `own`, `groupchat`);
-- down;
DROP TABLE `message_confirmation`;
