//! Erasing people.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0007_privacy"
    }
}

const UP: &[&str] = &[
    "ALTER TABLE person ADD COLUMN erased_at BIGINT",
    // What is still to be taken out of the texts: forgotten with the row once that is done.
    "CREATE TABLE erasure (person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id), names TEXT NOT NULL, emails TEXT NOT NULL, done BIGINT NOT NULL, total BIGINT NOT NULL)",
    // Which mails still have the bytes of a file.
    "CREATE INDEX incoming_by_file ON incoming (file)",
];

const DOWN: &[&str] = &["DROP INDEX incoming_by_file", "DROP TABLE erasure", "ALTER TABLE person DROP COLUMN erased_at"];

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
