-- 2026.11.25T04.00.00.reaction-changes, revision 1: up;
CREATE TABLE `reaction_change` (`id` INTEGER PRIMARY KEY AUTOINCREMENT, `account_id` INTEGER NOT NULL REFERENCES `account` (`id`) ON DELETE CASCADE, `conversation` TEXT NOT NULL, `target` TEXT NOT NULL, `groupchat` TINYINT(1) NOT NULL DEFAULT 0, `message_id` INTEGER REFERENCES `message` (`id`) ON DELETE SET NULL, `sender` TEXT NOT NULL, `own` TINYINT(1) NOT NULL DEFAULT 0, `real_jid` TEXT, `nick` TEXT, `emojis` TEXT NOT NULL, `since` TEXT NOT NULL DEFAULT '[]', `timestamp` BIGINT NOT NULL, `position` BIGINT NOT NULL, `placed` TINYINT(1) NOT NULL DEFAULT 0, `stands` TINYINT(1) NOT NULL DEFAULT 0, `stanza_id` TEXT, `wire_id` TEXT, `present_since` BIGINT, `state` TEXT);
CREATE INDEX `reaction_change_by_message` ON `reaction_change` (`message_id`, `sender`, `position`);
CREATE INDEX `reaction_change_standing` ON `reaction_change` (`message_id`) WHERE stands;
CREATE INDEX `reaction_change_waiting` ON `reaction_change` (`account_id`, `conversation`, `target`, `sender`, `position`) WHERE message_id IS NULL;
CREATE INDEX `reaction_change_by_stanza_id` ON `reaction_change` (`account_id`, `stanza_id`) WHERE stanza_id IS NOT NULL;
CREATE INDEX `reaction_change_by_wire_id` ON `reaction_change` (`account_id`, `wire_id`) WHERE own AND wire_id IS NOT NULL;
CREATE INDEX `reaction_change_pending` ON `reaction_change` (`account_id`) WHERE state = 'pending';
CREATE INDEX `reaction_change_by_position` ON `reaction_change` (`account_id`, `position`);

      INSERT INTO reaction_change (account_id, conversation, target, message_id, sender, own, emojis, timestamp, position,
        stands, wire_id, state)
      SELECT r.account_id, r.conversation, r.target,
        (SELECT min(m.id) FROM message m WHERE m.account_id = r.account_id AND m.conversation = r.conversation
          AND m.type <> 'groupchat' AND (m.origin_id = r.target OR m.wire_id = r.target)),
        r.sender, r.sender = a.jid, r.emojis, r.timestamp, r.timestamp * 1000, TRUE, r.stanza_wire_id,
        CASE WHEN r.sender = a.jid THEN 'sent' END
      FROM reaction r JOIN account a ON a.id = r.account_id;
DROP TABLE `reaction`;
-- down;
CREATE TABLE `reaction` (`account_id` INTEGER NOT NULL REFERENCES `account` (`id`) ON DELETE CASCADE, `conversation` TEXT NOT NULL, `target` TEXT NOT NULL, `sender` TEXT NOT NULL, `emojis` TEXT NOT NULL, `timestamp` BIGINT NOT NULL, `stanza_wire_id` TEXT, `previous_emojis` TEXT, PRIMARY KEY (`account_id`, `conversation`, `target`, `sender`));
CREATE INDEX `reaction_by_stanza` ON `reaction` (`account_id`, `stanza_wire_id`) WHERE stanza_wire_id IS NOT NULL;

      INSERT INTO reaction (account_id, conversation, target, sender, emojis, timestamp, stanza_wire_id)
      SELECT account_id, conversation, target, sender, emojis, timestamp, wire_id FROM reaction_change
      WHERE stands AND NOT groupchat
      ON CONFLICT (account_id, conversation, target, sender) DO NOTHING;
DROP TABLE `reaction_change`;
