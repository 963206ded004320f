//! Mailboxes that are read: until when, and whether admins know that one cannot be; and mail of senders whom nobody knows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0003_mailboxes"
    }
}

const UP: &[&str] = &[
    "ALTER TABLE mailbox_cursor ADD COLUMN read_at BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE mailbox_cursor ADD COLUMN told_at BIGINT",
    // The organisation that people are in whom a mail of this source makes known; none: they are not let in.
    "ALTER TABLE incoming ADD COLUMN strangers TEXT",
    // The delivery that one more notice may still join, however many wait for a person.
    "CREATE INDEX delivery_to_join ON delivery (person_id, COALESCE(ticket_id, 0)) WHERE state = 0 AND tries = 0",
    // People whom a mail made known lately.
    "CREATE INDEX person_without_password ON person (created_at) WHERE password_hash IS NULL",
    "CREATE INDEX message_mail_by_incoming ON message_mail (incoming_id)",
    // It led to all mails of a person ever, where those of a ticket were asked for.
    "DROP INDEX delivery_by_person",
];

const DOWN: &[&str] = &[
    "CREATE INDEX delivery_by_person ON delivery (person_id, state)",
    "DROP INDEX message_mail_by_incoming",
    "DROP INDEX person_without_password",
    "DROP INDEX delivery_to_join",
    "ALTER TABLE incoming DROP COLUMN strangers",
    "ALTER TABLE mailbox_cursor DROP COLUMN told_at",
    "ALTER TABLE mailbox_cursor DROP COLUMN read_at",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in UP {
            manager.get_connection().execute_unprepared(step).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in DOWN {
            manager.get_connection().execute_unprepared(step).await?;
        }
        Ok(())
    }
}
