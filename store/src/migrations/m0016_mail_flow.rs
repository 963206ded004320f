//! Mails that are the same but for the way they came, and pictures that stand in the text of a message.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0016_mail_flow"
    }
}

const UP: &[&str] = &[
    // A hash of sender, Message-ID, date and content.
    "ALTER TABLE incoming ADD COLUMN fingerprint TEXT",
    "CREATE INDEX incoming_by_fingerprint ON incoming (fingerprint) WHERE fingerprint IS NOT NULL",
    // Shown in the text of its message, and not among its files.
    "ALTER TABLE attachment ADD COLUMN inline BOOLEAN NOT NULL DEFAULT FALSE",
];

const DOWN: &[&str] =
    &["ALTER TABLE attachment DROP COLUMN inline", "DROP INDEX incoming_by_fingerprint", "ALTER TABLE incoming DROP COLUMN fingerprint"];

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
