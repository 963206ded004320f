//! Reports: what each ticket counts for, packed, some hundred tickets to a row.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0010_reports"
    }
}

/// `{bytes}` is a column of bytes; everything else is the same on both.
const UP: &[&str] = &[
    // From when until when anything in it counts; no end where a ticket in it runs.
    "CREATE TABLE report_chunk (n BIGINT NOT NULL PRIMARY KEY, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, facts {bytes} NOT NULL)",
    // Tickets that changed without anything in their log: they were removed, or their organisation became another.
    "CREATE TABLE report_stale (ticket_id BIGINT NOT NULL PRIMARY KEY)",
    "INSERT INTO log_reader (name, n) VALUES ('reports', 0)",
];

const DOWN: &[&str] = &["DELETE FROM log_reader WHERE name = 'reports'", "DROP TABLE report_stale", "DROP TABLE report_chunk"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let is_postgres = db.get_database_backend() == DbBackend::Postgres;
        for step in UP {
            db.execute_unprepared(&step.replace("{bytes}", if is_postgres { "BYTEA" } else { "BLOB" })).await?;
        }
        if is_postgres {
            // Numbers that are packed already gain nothing from being compressed, and reading them is what a report does.
            db.execute_unprepared("ALTER TABLE report_chunk ALTER COLUMN facts SET STORAGE EXTERNAL").await?;
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
